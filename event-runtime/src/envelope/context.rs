//! The context that events of one chain share.

use std::cell::Cell;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::envelope::{Message, Metadata};

/// The message being handled, as the cause of what its handler emits.
///
/// The consumer runs every handler in the context of its message, and `emit*` reads it when it is called. A
/// spawned task is outside of it; [`Context::scope`] carries it over:
///
/// ```
/// use event_runtime::{Codec, Context, Metadata};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// # let message = Codec::Native.encode_raw(Metadata::new("orders.order.paid", 1), "{}", None)?;
/// let handler = async {
///     let context = Context::current().ok_or("not in a handler")?;
///     let task = tokio::spawn(context.scope(async {
///         // Whatever is emitted here has the handled message as its cause.
///         Context::current().map(|context| context.message().metadata().id.clone())
///     }));
///     Ok::<_, Box<dyn std::error::Error>>(task.await?)
/// };
/// let cause = Context::new(message.clone()).scope(handler).await?;
/// assert_eq!(cause.as_ref(), Some(&message.metadata().id));
/// assert!(Context::current().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Context(Message);

thread_local! {
    // Empty whenever nothing is polled, so that there is nothing to drop at a thread's end; and a value that is never
    // dropped is read without asking whether it was.
    static CURRENT: Cell<ManuallyDrop<Option<Context>>> = const { Cell::new(ManuallyDrop::new(None)) };
}

impl Context {
    /// The context of a handler of `message`.
    pub fn new(message: Message) -> Self {
        Self(message)
    }

    /// The context of the message being handled on this task; `None` outside a handler.
    pub fn current() -> Option<Self> {
        look(Clone::clone)
    }

    /// Whether this task is in the context of `message` already.
    #[inline]
    pub(crate) fn is_of(message: &Message) -> bool {
        look(|current| current.as_ref().is_some_and(|current| current.0.is(message)))
    }

    /// [`Context::scope`] of a future that is made in this context, too.
    #[inline]
    pub(crate) fn around_call<F: Future>(self, call: impl FnOnce() -> F) -> InContext<F> {
        let mut context = Some(self);
        let entered = Entered::new(&mut context);
        let future = call();
        drop(entered);
        InContext { context, future: Some(future) }
    }

    /// Runs `future` in this context; inside it, an outer context is hidden. The consumer does it for handlers;
    /// after `tokio::spawn` it carries the context over.
    ///
    /// # Cancel safety
    /// As the future's own: dropping it drops `future`, and nothing of the context stays behind.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        self.around(future)
    }

    #[inline]
    pub(crate) fn around<F: Future>(self, future: F) -> InContext<F> {
        InContext { context: Some(self), future: Some(future) }
    }

    /// The message being handled.
    pub fn message(&self) -> &Message {
        &self.0
    }

    /// Fills what `metadata` leaves open: correlation, tenant and trace of the message being handled, and its
    /// id as the cause. What was set by hand stays. A trace context that the specification tells receivers to
    /// ignore is not passed on.
    pub fn fill(&self, metadata: &mut Metadata) {
        let parent = self.0.metadata();
        if metadata.correlation_id.is_none() {
            metadata.correlation_id = Some(parent.correlation_id.as_ref().unwrap_or(&parent.id).clone());
        }
        if metadata.causation_id.is_none() {
            metadata.causation_id = Some(parent.id.clone());
        }
        if metadata.tenant_id.is_none() {
            metadata.tenant_id.clone_from(&parent.tenant_id);
        }
        if metadata.traceparent.is_none()
            && let Some(trace) = parent.trace_parent()
        {
            metadata.traceparent = Some(trace.to_string().into());
            if metadata.tracestate.is_none() {
                let state = parent.trace_state();
                metadata.tracestate = (!state.is_empty()).then(|| state.to_string().into());
            }
        }
    }
}

pin_project! {
    /// A future that is polled and, before its end, dropped in a context.
    pub(crate) struct InContext<F> {
        // Taken out while the future is polled, and for good at its end.
        context: Option<Context>,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for InContext<F> {
        fn drop(this: Pin<&mut Self>) {
            if this.context.is_some() {
                this.drop_in_context();
            }
        }
    }
}

impl<F> InContext<F> {
    #[cold]
    fn drop_in_context(self: Pin<&mut Self>) {
        let mut this = self.project();
        let _entered = Entered::new(this.context);
        this.future.set(None);
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // There is a future until this one is dropped.
        let Some(future) = this.future.as_pin_mut() else { return Poll::Pending };
        let entered = Entered::new(this.context);
        let poll = future.poll(task);
        drop(entered);
        if poll.is_ready() {
            *this.context = None;
        }
        poll
    }
}

/// The context is the current one until this is dropped, which puts both back where they were; also by a panic.
struct Entered<'a>(&'a mut Option<Context>);

impl<'a> Entered<'a> {
    #[inline]
    fn new(context: &'a mut Option<Context>) -> Self {
        exchange(context);
        Self(context)
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        exchange(self.0);
    }
}

#[inline]
fn exchange(context: &mut Option<Context>) {
    CURRENT.with(|current| {
        let entered = ManuallyDrop::new(context.take());
        *context = ManuallyDrop::into_inner(current.replace(entered));
    });
}

#[inline]
fn look<T>(look: impl FnOnce(&Option<Context>) -> T) -> T {
    let mut context = None;
    exchange(&mut context);
    let looked = look(&context);
    exchange(&mut context);
    looked
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::codec::Codec;

    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn message(id: &str, change: impl FnOnce(&mut Metadata)) -> Message {
        let mut metadata = Metadata::new("Parent", 1);
        metadata.id = id.into();
        change(&mut metadata);
        Codec::Native.encode_raw(metadata, "{}", None).unwrap()
    }

    fn current_id() -> Option<String> {
        Context::current().map(|context| context.message().metadata().id.to_string())
    }

    #[tokio::test]
    async fn an_inner_scope_hides_the_outer_one_until_it_ends() {
        assert_eq!(current_id(), None);
        let outer = Context::new(message("outer", |_| {}));
        outer
            .scope(async {
                let inner = Context::new(message("inner", |_| {}));
                assert_eq!(inner.scope(async { current_id() }).await.as_deref(), Some("inner"));
                assert_eq!(current_id().as_deref(), Some("outer"));
            })
            .await;
        assert_eq!(current_id(), None);
    }

    #[tokio::test]
    async fn a_future_that_is_dropped_before_its_end_is_dropped_in_its_context() {
        struct Note(Arc<Mutex<Vec<Option<String>>>>);
        impl Drop for Note {
            fn drop(&mut self) {
                self.0.lock().unwrap().push(current_id());
            }
        }
        let (seen, polled) = (Arc::default(), Note(Arc::default()));
        let note = Note(Arc::clone(&seen));
        let context = Context::new(message("dropped", |_| {}));
        drop(context.clone().scope(async move { drop(note) }));
        let pending = context.scope(async {
            let _polled = Note(Arc::clone(&polled.0));
            std::future::pending::<()>().await;
        });
        tokio::select! {
            biased;
            () = pending => {}
            () = std::future::ready(()) => {}
        }
        assert_eq!(*seen.lock().unwrap(), [Some("dropped".to_owned())]);
        assert_eq!(*polled.0.lock().unwrap(), [Some("dropped".to_owned())]);
        assert_eq!(current_id(), None);
    }

    #[tokio::test]
    async fn a_panic_leaves_the_context() {
        let panics = Context::new(message("panics", |_| {})).scope(async { panic!("on purpose") });
        assert!(crate::layer::unless_panicked(panics).await.is_err());
        assert_eq!(current_id(), None);
    }

    #[tokio::test]
    async fn a_spawned_task_is_outside_unless_it_is_scoped() {
        Context::new(message("handled", |_| {}))
            .scope(async {
                assert_eq!(tokio::spawn(async { current_id() }).await.unwrap(), None);
                let context = Context::current().unwrap();
                let task = tokio::spawn(context.scope(async { current_id() }));
                assert_eq!(task.await.unwrap().as_deref(), Some("handled"));
            })
            .await;
    }

    #[test]
    fn the_first_of_a_chain_gives_its_id_as_correlation_and_cause() {
        let context = Context::new(message("first", |_| {}));
        let mut metadata = Metadata::new("Child", 1);
        context.fill(&mut metadata);
        assert_eq!(metadata.correlation_id.as_deref(), Some("first"));
        assert_eq!(metadata.causation_id.as_deref(), Some("first"));
        assert_eq!((metadata.tenant_id, metadata.traceparent), (None, None));
    }

    #[test]
    fn correlation_tenant_and_trace_are_inherited_the_user_is_not() {
        let context = Context::new(message("second", |parent| {
            parent.correlation_id = Some("chain".into());
            parent.tenant_id = Some("tenant".into());
            parent.user_id = Some("user".into());
            parent.traceparent = Some(TRACE.into());
            parent.tracestate = Some("a=1, b=2".into());
        }));
        let mut metadata = Metadata::new("Child", 1);
        context.fill(&mut metadata);
        assert_eq!(metadata.correlation_id.as_deref(), Some("chain"));
        assert_eq!(metadata.causation_id.as_deref(), Some("second"));
        assert_eq!(metadata.tenant_id.as_deref(), Some("tenant"));
        assert_eq!(metadata.traceparent.as_deref(), Some(TRACE));
        assert_eq!(metadata.tracestate.as_deref(), Some("a=1,b=2"));
        assert_eq!(metadata.user_id, None);
    }

    #[test]
    fn what_was_set_by_hand_stays() {
        let context = Context::new(message("parent", |parent| {
            parent.tenant_id = Some("tenant".into());
            parent.traceparent = Some(TRACE.into());
            parent.tracestate = Some("a=1".into());
        }));
        let mut metadata = Metadata::new("Child", 1);
        metadata.correlation_id = Some("mine".into());
        metadata.causation_id = Some("mine".into());
        metadata.tenant_id = Some("mine".into());
        metadata.traceparent = Some(TRACE.replace("01", "00").into());
        let before = metadata.clone();
        context.fill(&mut metadata);
        assert_eq!(metadata, before, "not even the tracestate of another trace is added");
    }

    #[test]
    fn a_broken_trace_is_not_passed_on() {
        let context = Context::new(message("parent", |parent| {
            parent.traceparent = Some("garbage".into());
            parent.tracestate = Some("a=1".into());
        }));
        let mut metadata = Metadata::new("Child", 1);
        context.fill(&mut metadata);
        assert_eq!((metadata.traceparent, metadata.tracestate), (None, None));
    }
}
