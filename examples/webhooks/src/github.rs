//! GitHub's webhook payloads as events: the fields that the handlers need, nothing else.
//!
//! A field that is not listed here is ignored when a payload is decoded, and stays in the message's bytes.
//! Field names and types follow GitHub's page "Webhook events and payloads".

use std::fmt;

use event_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A repository, as every payload names it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub(crate) struct Repository {
    pub(crate) id: u64,
    #[validate(length(min = 3, max = 200))]
    pub(crate) full_name: String,
    pub(crate) private: bool,
}

/// A repository's events keep their order.
impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.full_name)
    }
}

/// A user, an organisation or a bot.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub(crate) struct Account {
    pub(crate) id: u64,
    #[validate(required)]
    pub(crate) login: String,
}

/// An issue or a pull request.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub(crate) struct Issue {
    #[validate(range(min = 1))]
    pub(crate) number: u64,
    #[validate(required)]
    pub(crate) title: String,
    pub(crate) state: String,
}

/// A comment on an issue.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) body: String,
    #[validate(nested)]
    pub(crate) user: Account,
}

/// A commit of a push.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub(crate) struct Commit {
    #[validate(length(equal = 40))]
    pub(crate) id: String,
    pub(crate) message: String,
}

/// A label of a repository.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub(crate) struct Label {
    pub(crate) id: u64,
    #[validate(required)]
    pub(crate) name: String,
    #[validate(pattern("^[0-9a-fA-F]{6}$"))]
    pub(crate) color: String,
}

/// A published or drafted release.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub(crate) struct Release {
    pub(crate) id: u64,
    #[validate(required)]
    pub(crate) tag_name: String,
    pub(crate) draft: bool,
    pub(crate) prerelease: bool,
}

/// GitHub checks that a new webhook answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.ping.received", key = hook_id)]
pub(crate) struct Ping {
    pub(crate) hook_id: u64,
    pub(crate) zen: String,
}

/// Commits or tags were pushed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.push.received", key = repository)]
pub(crate) struct Push {
    #[validate(required)]
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    #[validate(length(equal = 40))]
    pub(crate) before: String,
    #[validate(length(equal = 40))]
    pub(crate) after: String,
    pub(crate) forced: bool,
    #[validate(nested)]
    pub(crate) commits: Vec<Commit>,
    #[validate(nested)]
    pub(crate) repository: Repository,
}

/// Somebody did something to an issue.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.issues.received", key = repository)]
pub(crate) struct Issues {
    pub(crate) action: String,
    #[validate(nested)]
    pub(crate) issue: Issue,
    #[validate(nested)]
    pub(crate) repository: Repository,
    #[validate(nested)]
    pub(crate) sender: Account,
}

/// Somebody commented on an issue or a pull request.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.issue_comment.received", key = repository)]
pub(crate) struct IssueComment {
    pub(crate) action: String,
    #[validate(nested)]
    pub(crate) issue: Issue,
    #[validate(nested)]
    pub(crate) comment: Comment,
    #[validate(nested)]
    pub(crate) repository: Repository,
}

/// A star was given or taken back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.star.received", key = repository)]
pub(crate) struct Star {
    #[validate(one_of("created", "deleted"))]
    pub(crate) action: String,
    pub(crate) starred_at: Option<String>,
    #[validate(nested)]
    pub(crate) repository: Repository,
    #[validate(nested)]
    pub(crate) sender: Account,
}

/// A label was created, edited or deleted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.label.received", key = repository)]
pub(crate) struct LabelChanged {
    pub(crate) action: String,
    #[validate(nested)]
    pub(crate) label: Label,
    #[validate(nested)]
    pub(crate) repository: Repository,
}

/// A branch or a tag was created.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.create.received", key = repository)]
pub(crate) struct Created {
    #[validate(required)]
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    #[validate(one_of("branch", "tag"))]
    pub(crate) ref_type: String,
    pub(crate) description: Option<String>,
    #[validate(nested)]
    pub(crate) repository: Repository,
}

/// A branch or a tag was deleted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.delete.received", key = repository)]
pub(crate) struct Deleted {
    #[validate(required)]
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    #[validate(one_of("branch", "tag"))]
    pub(crate) ref_type: String,
    #[validate(nested)]
    pub(crate) repository: Repository,
}

/// A repository was forked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.fork.received", key = repository)]
pub(crate) struct Forked {
    #[validate(nested)]
    pub(crate) forkee: Repository,
    #[validate(nested)]
    pub(crate) repository: Repository,
}

/// Somebody began to watch a repository.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.watch.received", key = repository)]
pub(crate) struct Watched {
    pub(crate) action: String,
    #[validate(nested)]
    pub(crate) repository: Repository,
    #[validate(nested)]
    pub(crate) sender: Account,
}

/// A release was drafted, published or changed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.release.received", key = repository)]
pub(crate) struct Released {
    pub(crate) action: String,
    #[validate(nested)]
    pub(crate) release: Release,
    #[validate(nested)]
    pub(crate) repository: Repository,
}

message_pack! {
    /// What this application understands of GitHub's webhooks. `milestone`, for one, it does not.
    pub(crate) GitHubMessagePack<
        Ping, Push, Issues, IssueComment, Star, LabelChanged, Created, Deleted, Forked, Watched, Released
    >
}
