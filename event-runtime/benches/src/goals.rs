//! What the runtime is to cost, and how each figure is made of the cases.

use std::collections::BTreeMap;

use crate::callgrind::Cost;

/// One figure that has a goal.
pub(crate) struct Goal {
    /// Its name in the table and in the budgets.
    pub(crate) name: &'static str,
    /// The case of the framework.
    framework: &'static str,
    /// The case that is taken off it: the part that is not the framework's.
    without: Option<&'static str>,
    /// What it is compared with.
    floor: &'static str,
    kind: Kind,
    pub(crate) at_most: f64,
    pub(crate) stretch: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Instructions of the framework over those of the floor.
    Ratio,
    /// Instructions.
    Instructions,
    /// Allocations.
    Allocations,
}

/// A figure as it was measured.
pub(crate) struct Figure {
    pub(crate) floor: f64,
    pub(crate) framework: f64,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
}

impl Goal {
    /// The figure; `None` where a case did not run.
    pub(crate) fn figure(&self, costs: &BTreeMap<String, Cost>) -> Option<Figure> {
        let of = |case: &str| {
            let cost = costs.get(case)?;
            Some(if self.kind == Kind::Allocations { cost.allocations } else { cost.instructions })
        };
        let framework = of(self.framework)? - self.without.map_or(Some(0.0), of)?;
        let floor = of(self.floor)?;
        let (value, unit) = match self.kind {
            Kind::Ratio => (framework / floor, ""),
            Kind::Instructions => (framework, "Ir"),
            Kind::Allocations => (framework, "allocations"),
        };
        Some(Figure { floor, framework, value, unit })
    }
}

const fn ratio(
    name: &'static str,
    framework: &'static str,
    floor: &'static str,
    at_most: f64,
    stretch: f64,
) -> Goal {
    Goal { name, framework, without: None, floor, kind: Kind::Ratio, at_most, stretch }
}

const fn instructions(
    name: &'static str,
    framework: &'static str,
    without: Option<&'static str>,
    floor: &'static str,
    at_most: f64,
    stretch: f64,
) -> Goal {
    Goal { name, framework, without, floor, kind: Kind::Instructions, at_most, stretch }
}

const fn layer(name: &'static str, framework: &'static str, without: &'static str) -> Goal {
    instructions(name, framework, Some(without), "route.10", 250.0, 50.0)
}

const fn allocations(name: &'static str, framework: &'static str, without: &'static str) -> Goal {
    Goal {
        name,
        framework,
        without: Some(without),
        floor: without,
        kind: Kind::Allocations,
        at_most: 2.0,
        stretch: 0.0,
    }
}

/// Every goal that instruction counts can judge, in the order of the published table.
pub(crate) const GOALS: &[Goal] = &[
    ratio("encode", "encode", "encode.floor", 1.05, 1.0),
    ratio("encode_borrowed", "encode.borrowed", "encode.floor", 1.05, 1.0),
    ratio("decode_1k", "decode.1k", "decode.1k.floor", 1.3, 1.1),
    ratio("decode_17k", "decode.17k", "decode.17k.floor", 1.35, 1.1),
    ratio("decode_routed_1k", "decode.1k.routed", "decode.1k.floor", 0.7, 0.35),
    ratio("decode_routed_17k", "decode.17k.routed", "decode.17k.floor", 0.7, 0.35),
    instructions("route", "route.200", None, "route.200.floor", 400.0, 300.0),
    instructions("route_typed", "route.typed", Some("route.typed.decode"), "route.200.floor", 400.0, 300.0),
    ratio("route_1000_types_over_10", "route.1000", "route.10", 1.1, 1.0),
    layer("layer_function", "layer.function.second", "layer.function.first"),
    layer("layer_timeout", "layer.timeout.second", "layer.timeout.first"),
    layer("layer_catch_panic", "layer.catch_panic.second", "layer.catch_panic.first"),
    layer("layer_concurrency_limit", "layer.concurrency_limit.second", "layer.concurrency_limit.first"),
    layer("layer_metrics", "layer.metrics.second", "layer.metrics.first"),
    layer("layer_trace_span", "layer.trace_span.second", "layer.trace_span.first"),
    layer("first_layer", "layer.function.first", "route.10"),
    ratio("queue_over_omniqueue", "queue", "queue.omniqueue", 0.5, 0.35),
    ratio("queue_over_hand_written", "queue", "queue.floor", 2.0, 1.5),
    allocations("router_allocations", "route.typed", "route.typed.decode"),
    allocations("engine_allocations", "engine.8", "engine.decode"),
    instructions("engine_64_in_flight_over_1", "engine.64", Some("engine.1"), "engine.1", 500.0, 0.0),
    ratio("engine_over_decode", "engine.8", "engine.decode", 1.25, 1.1),
    ratio("end_to_end", "end_to_end", "end_to_end.floor", 1.25, 1.1),
];

/// The goals of SQS, which are measured by hand.
#[cfg(feature = "sqs")]
pub(crate) const SQS_GOALS: &[Goal] = &[
    ratio("sqs_consume", "sqs.consume", "sqs.consume.floor", 1.1, 1.05),
    ratio("sqs_produce", "sqs.produce", "sqs.produce.floor", 1.1, 1.05),
];
