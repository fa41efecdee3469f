"""Painless scripts that change the document of a product, each in one atomic step.

`content_hash` has, for each modality and for reviews, the hash of what its vectors are made of. When vectors are
requested again while the content is the same, `#` and a nonce follow the hash. A vector is current when its metadata
has the content hash of its document. So a worker that began before the request does not write its vectors, and other
versions of the index, which get the content hash by synchronization, make their vectors again too.
"""

STALE = "older than the last change of this product"
"""The error of a change whose stamp (`changed`) is less than that of its product."""


def without_nonce(content_hash: str) -> str:
    """A content hash without its nonce."""
    return content_hash.partition("#")[0]


# A changed product keeps its vectors until new ones are made, so that searches still find it, but loses their metadata,
# which puts it into the backlog. An unchanged product is not written, and keeps its nonces. A change without a stamp
# keeps that of the product. The script may run again after a conflict, so it must not change its parameters.
REPLACE = f"""
Map old = ctx._source; Map next = new HashMap(params.product); next.content_hash = new HashMap(next.content_hash);
if (old.changed != null) {{
  if (next.changed == null) next.changed = old.changed;
  else if (next.changed < old.changed && params.overwrite != true) throw new IllegalArgumentException('{STALE}');
}}"""
REPLACE += """
for (def entry : next.content_hash.entrySet()) {
  def before = old.content_hash[entry.getKey()];
  if (before != null && before.startsWith(entry.getValue() + '#')) entry.setValue(before);
}
Map embedding = new HashMap(); if (old.embedding != null) embedding.putAll(old.embedding);
Map per_media = new HashMap();
for (def entry : params.sources.entrySet()) {
  def field = entry.getKey(); def hash = next.content_hash[entry.getValue()];
  if (hash != null && old.containsKey(field)) next[field] = old[field];
  if (hash != null && old.per_media != null && old.per_media.containsKey(field)) {
    per_media[field] = old.per_media[field];
  }
  def metadata = embedding[field];
  if (metadata != null && metadata.content_hash != hash) embedding.remove(field);
}
next.embedding = embedding;
if (!per_media.isEmpty()) next.per_media = per_media;
if (next.equals(old)) { ctx.op = 'none'; } else { ctx._source = next; }
"""

DELETE = f"""
if (ctx._source.changed != null && params.changed < ctx._source.changed) throw new IllegalArgumentException('{STALE}');
ctx.op = 'delete';
"""

# Metadata without a fingerprint is a note on a product that stays in the backlog, and keeps the vector that it has.
WRITE_VECTORS = """
boolean changed = false;
if (ctx._source.embedding == null) ctx._source.embedding = new HashMap();
for (def entry : params.results.entrySet()) {
  def field = entry.getKey(); def result = entry.getValue();
  if (ctx._source.content_hash[result.source] != result.metadata.content_hash) continue;
  ctx._source.embedding[field] = result.metadata; changed = true;
  if (result.vector == null && !result.metadata.containsKey('fingerprint')) continue;
  if (result.vector != null) ctx._source[field] = result.vector; else ctx._source.remove(field);
  if (!result.per_media.isEmpty()) {
    if (ctx._source.per_media == null) ctx._source.per_media = new HashMap();
    ctx._source.per_media[field] = result.per_media;
  } else if (ctx._source.per_media != null) ctx._source.per_media.remove(field);
}
if (!changed) ctx.op = 'none';
"""

# Vectors are made again by modality, because all vectors of a modality share its content hash.
REEMBED = """
Map hashes = ctx._source.content_hash; Map embedding = ctx._source.embedding; Set modalities = new HashSet();
if (params.only_errors) {
  for (def entry : embedding.entrySet()) {
    if (entry.getValue().containsKey('error')) modalities.add(params.sources[entry.getKey()]);
  }
} else modalities.addAll(hashes.keySet());
for (def modality : modalities) hashes[modality] = hashes[modality].splitOnToken('#')[0] + '#' + params.nonce;
for (def entry : params.sources.entrySet()) if (modalities.contains(entry.getValue())) embedding.remove(entry.getKey());
"""
