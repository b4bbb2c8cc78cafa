//! The drawn map: packs, producers, queues and consumers, and how many kinds of events flow between them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Catalogue;

const BOX_WIDTH: usize = 236;
const BOX_HEIGHT: usize = 34;
const ROW: usize = 48;
const GAP: usize = 64;
const MARGIN: usize = 4;
const HEAD: usize = 34;
/// So many characters fit into a box.
const LABEL: usize = 29;
const COLUMNS: [&str; 4] = ["Packs", "Producers", "Queues", "Consumers"];

/// A box: its column and its name.
type Node = (usize, String);

/// What flows where.
#[derive(Default)]
struct Graph {
    /// Box → where it leads to, from the page that shows the map.
    nodes: BTreeMap<Node, Option<String>>,
    /// From, to → kinds of events.
    edges: BTreeMap<(Node, Node), Vec<&'static str>>,
}

/// The map of all events, or of the one named; `root` leads from its page to the site's root. Empty where no
/// configuration says what flows.
pub(crate) fn svg(catalogue: &Catalogue, only: Option<&str>, root: &str) -> String {
    let graph = graph(catalogue, only, root);
    if graph.edges.is_empty() { String::new() } else { draw(&graph) }
}

fn graph(catalogue: &Catalogue, only: Option<&str>, root: &str) -> Graph {
    let mut graph = Graph::default();
    for event in catalogue.events() {
        let payload_type = event.descriptor.payload_type;
        if only.is_some_and(|only| only != payload_type) {
            continue;
        }
        let pack = (0, event.pack.to_owned());
        for place in &event.places {
            let link = format!("{root}packs/{}.html", super::slug(event.pack));
            graph.nodes.insert(pack.clone(), Some(link));
            let (producer, queue) = ((1, place.producer.clone()), (2, place.queue.clone()));
            graph.flow(&pack, &producer, payload_type);
            graph.flow(&producer, &queue, payload_type);
            for consumer in &place.consumers {
                graph.flow(&queue, &(3, consumer.clone()), payload_type);
            }
        }
    }
    graph
}

impl Graph {
    fn flow(&mut self, from: &Node, to: &Node, payload_type: &'static str) {
        self.nodes.entry(from.clone()).or_default();
        self.nodes.entry(to.clone()).or_default();
        let kinds = self.edges.entry((from.clone(), to.clone())).or_default();
        if !kinds.contains(&payload_type) {
            kinds.push(payload_type);
        }
    }
}

fn draw(graph: &Graph) -> String {
    let columns: Vec<Vec<&Node>> = (0..COLUMNS.len())
        .map(|column| graph.nodes.keys().filter(|node| node.0 == column).collect())
        .collect();
    let tallest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let height = HEAD + tallest * ROW + MARGIN;
    let width = 2 * MARGIN + COLUMNS.len() * BOX_WIDTH + (COLUMNS.len() - 1) * GAP;
    let place = |node: &Node| {
        let own = columns.get(node.0).map(Vec::as_slice).unwrap_or_default();
        let row = own.iter().position(|other| *other == node).unwrap_or(0);
        // Shorter columns stand in the middle.
        let top = HEAD + (tallest - own.len()) * ROW / 2 + row * ROW;
        (MARGIN + node.0 * (BOX_WIDTH + GAP), top)
    };
    let mut svg = format!(
        "<svg class=\"map\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Which events flow where\">"
    );
    for (column, title) in COLUMNS.iter().enumerate() {
        let x = MARGIN + column * (BOX_WIDTH + GAP);
        let _ = write!(svg, "<text class=\"head\" x=\"{x}\" y=\"20\">{title}</text>");
    }
    for ((from, to), kinds) in &graph.edges {
        let ((x1, y1), (x2, y2)) = (place(from), place(to));
        let (x1, y1, y2) = (x1 + BOX_WIDTH, y1 + BOX_HEIGHT / 2, y2 + BOX_HEIGHT / 2);
        let middle = (x1 + x2) / 2;
        let thickness = 1.5 + (kinds.len() as f64).sqrt();
        let _ = write!(
            svg,
            "<path class=\"flow\" data-from=\"{}\" data-to=\"{}\" data-events=\"{}\" d=\"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}\" \
             stroke-width=\"{thickness:.1}\"><title>{} → {}: {}</title></path>",
            id(from),
            id(to),
            escape(&kinds.join(" ")),
            escape(&from.1),
            escape(&to.1),
            escape(&kinds.join(", ")),
        );
    }
    for (node, link) in &graph.nodes {
        let (x, y) = place(node);
        let body = format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"8\"/>\
             <text x=\"{}\" y=\"{}\">{}</text><title>{}</title>",
            x + 12,
            y + 22,
            escape(&shortened(&node.1)),
            escape(&node.1)
        );
        let (column, id) = (node.0, id(node));
        let _ = match link {
            Some(link) => {
                write!(
                    svg,
                    "<a class=\"node c{column}\" data-node=\"{id}\" href=\"{}\">{body}</a>",
                    escape(link)
                )
            }
            None => write!(svg, "<g class=\"node c{column}\" data-node=\"{id}\" tabindex=\"0\">{body}</g>"),
        };
    }
    svg.push_str("</svg>");
    svg
}

fn id(node: &Node) -> String {
    escape(&format!("{}:{}", node.0, node.1))
}

fn shortened(label: &str) -> String {
    if label.chars().count() <= LABEL {
        return label.to_owned();
    }
    label.chars().take(LABEL - 1).chain(['…']).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
