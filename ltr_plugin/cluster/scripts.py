"""The scripts by which documents of products are changed where they are, each in one step that nobody comes between.

`content` has for each modality the hash of what its vectors are made of, and behind a `#` a mark, where they were asked
for once more though the hash is the same. What is made of other content than a document has is not current: so a worker
that began before the mark does not write, and other versions that take over the content make their vectors again too.
"""


def unmarked(content: str) -> str:
    """The hash of a content, without its mark."""
    return content.partition("#")[0]


# A changed product keeps a vector until the next one is made, so that it stays findable, but loses the vector's stamp,
# so that it is in the backlog. An unchanged product is not written at all, and keeps its marks. The script may run
# again when somebody else writes in between, with parameters that must be as they were.
REPLACE = """
Map old = ctx._source; Map next = new HashMap(params.product); next.content = new HashMap(next.content);
for (def entry : next.content.entrySet()) {
  def had = old.content[entry.getKey()];
  if (had != null && had.startsWith(entry.getValue() + '#')) entry.setValue(had);
}
Map stamps = new HashMap(); if (old.embedding != null) stamps.putAll(old.embedding);
Map each = new HashMap();
for (def entry : params.sources.entrySet()) {
  def field = entry.getKey(); def content = next.content[entry.getValue()];
  if (content != null && old.containsKey(field)) next[field] = old[field];
  if (content != null && old.each != null && old.each.containsKey(field)) each[field] = old.each[field];
  def stamp = stamps[field];
  if (stamp != null && stamp.content != content) stamps.remove(field);
}
next.embedding = stamps;
if (!each.isEmpty()) next.each = each;
if (next.equals(old)) { ctx.op = 'none'; } else { ctx._source = next; }
"""

EMBED = """
boolean changed = false;
if (ctx._source.embedding == null) ctx._source.embedding = new HashMap();
for (def entry : params.made.entrySet()) {
  def field = entry.getKey(); def made = entry.getValue();
  if (ctx._source.content[made.source] != made.stamp.content) continue;
  if (made.vector != null) ctx._source[field] = made.vector; else ctx._source.remove(field);
  if (!made.each.isEmpty()) {
    if (ctx._source.each == null) ctx._source.each = new HashMap();
    ctx._source.each[field] = made.each;
  } else if (ctx._source.each != null) ctx._source.each.remove(field);
  ctx._source.embedding[field] = made.stamp; changed = true;
}
if (!changed) ctx.op = 'none';
"""

# Vectors are made again by modality: those of one have one content.
AGAIN = """
Map content = ctx._source.content; Map stamps = ctx._source.embedding; Set again = new HashSet();
if (params.only_errors) {
  for (def stamp : stamps.entrySet()) {
    if (stamp.getValue().containsKey('error')) again.add(params.sources[stamp.getKey()]);
  }
} else again.addAll(content.keySet());
for (def source : again) content[source] = content[source].splitOnToken('#')[0] + '#' + params.mark;
for (def entry : params.sources.entrySet()) if (again.contains(entry.getValue())) stamps.remove(entry.getKey());
"""
