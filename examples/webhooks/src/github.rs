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
pub struct Repository {
    pub id: u64,
    #[validate(length(min = 3, max = 200))]
    pub full_name: String,
    pub private: bool,
}

/// A repository's events keep their order.
impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.full_name)
    }
}

/// A user, an organisation or a bot.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Account {
    pub id: u64,
    #[validate(required)]
    pub login: String,
}

/// An issue or a pull request.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Issue {
    #[validate(range(min = 1))]
    pub number: u64,
    #[validate(required)]
    pub title: String,
    pub state: String,
}

/// A comment on an issue.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Comment {
    pub id: u64,
    pub body: String,
    #[validate(nested)]
    pub user: Account,
}

/// A commit of a push.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Commit {
    #[validate(length(equal = 40))]
    pub id: String,
    pub message: String,
}

/// A label of a repository.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Label {
    pub id: u64,
    #[validate(required)]
    pub name: String,
    #[validate(pattern("^[0-9a-fA-F]{6}$"))]
    pub color: String,
}

/// A published or drafted release.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Release {
    pub id: u64,
    #[validate(required)]
    pub tag_name: String,
    pub draft: bool,
    pub prerelease: bool,
}

/// GitHub checks that a new webhook answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.ping.received", key = hook_id)]
pub struct Ping {
    pub hook_id: u64,
    pub zen: String,
}

/// Commits or tags were pushed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.push.received", key = repository)]
pub struct Push {
    #[validate(required)]
    #[serde(rename = "ref")]
    pub reference: String,
    #[validate(length(equal = 40))]
    pub before: String,
    #[validate(length(equal = 40))]
    pub after: String,
    pub forced: bool,
    #[validate(nested)]
    pub commits: Vec<Commit>,
    #[validate(nested)]
    pub repository: Repository,
}

/// Somebody did something to an issue.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.issues.received", key = repository)]
pub struct Issues {
    pub action: String,
    #[validate(nested)]
    pub issue: Issue,
    #[validate(nested)]
    pub repository: Repository,
    #[validate(nested)]
    pub sender: Account,
}

/// Somebody commented on an issue or a pull request.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.issue_comment.received", key = repository)]
pub struct IssueComment {
    pub action: String,
    #[validate(nested)]
    pub issue: Issue,
    #[validate(nested)]
    pub comment: Comment,
    #[validate(nested)]
    pub repository: Repository,
}

/// A star was given or taken back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.star.received", key = repository)]
pub struct Star {
    #[validate(one_of("created", "deleted"))]
    pub action: String,
    pub starred_at: Option<String>,
    #[validate(nested)]
    pub repository: Repository,
    #[validate(nested)]
    pub sender: Account,
}

/// A label was created, edited or deleted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.label.received", key = repository)]
pub struct LabelChanged {
    pub action: String,
    #[validate(nested)]
    pub label: Label,
    #[validate(nested)]
    pub repository: Repository,
}

/// A branch or a tag was created.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.create.received", key = repository)]
pub struct Created {
    #[validate(required)]
    #[serde(rename = "ref")]
    pub reference: String,
    #[validate(one_of("branch", "tag"))]
    pub ref_type: String,
    pub description: Option<String>,
    #[validate(nested)]
    pub repository: Repository,
}

/// A branch or a tag was deleted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.delete.received", key = repository)]
pub struct Deleted {
    #[validate(required)]
    #[serde(rename = "ref")]
    pub reference: String,
    #[validate(one_of("branch", "tag"))]
    pub ref_type: String,
    #[validate(nested)]
    pub repository: Repository,
}

/// A repository was forked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.fork.received", key = repository)]
pub struct Forked {
    #[validate(nested)]
    pub forkee: Repository,
    #[validate(nested)]
    pub repository: Repository,
}

/// Somebody began to watch a repository.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.watch.received", key = repository)]
pub struct Watched {
    pub action: String,
    #[validate(nested)]
    pub repository: Repository,
    #[validate(nested)]
    pub sender: Account,
}

/// A release was drafted, published or changed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "github.release.received", key = repository)]
pub struct Released {
    pub action: String,
    #[validate(nested)]
    pub release: Release,
    #[validate(nested)]
    pub repository: Repository,
}

message_pack! {
    /// What this application understands of GitHub's webhooks. `milestone`, for one, it does not.
    pub GitHubMessagePack<
        Ping, Push, Issues, IssueComment, Star, LabelChanged, Created, Deleted, Forked, Watched, Released
    >
}
