/**
 * Learning to rank inside OpenSearch: stores of features and models, the {@code sltr} query that scores with them, and
 * the logging of feature values. The HTTP interface is that of the OpenSearch Learning to Rank plugin, and so are the
 * numbers.
 *
 * <h2>From a stored element to a score</h2>
 *
 * An {@link org.ltrplugin.engine.Element} is what a client sent, kept as sent: a {@link org.ltrplugin.engine.Feature}, a
 * {@link org.ltrplugin.engine.FeatureSet} or a {@link org.ltrplugin.engine.Model}. It goes through three stages, each an
 * immutable object that the next one is made from:
 *
 * <ol>
 *   <li><em>Compiled</em>, once for the whole node: {@link org.ltrplugin.engine.CompiledModel} has a {@link
 *       org.ltrplugin.engine.CompiledFeature} for each feature and a {@link org.ltrplugin.engine.Ranker}. The {@link
 *       org.ltrplugin.engine.ModelCache} loads it without holding a search thread, and keeps it.
 *   <li><em>Bound</em> to the params of a request, on each shard: the result is a {@link
 *       org.ltrplugin.engine.RankerQuery} over {@link org.ltrplugin.engine.BoundFeature}s.
 *   <li><em>Read</em>, in each segment, document by document: a {@link org.ltrplugin.engine.FeatureVector} collects what
 *       the {@link org.ltrplugin.engine.FeatureReader}s find, and a {@link org.ltrplugin.engine.RankerScorer} has the
 *       ranker make scores of vectors. Everything that changes while scoring lives here, owned by one thread.
 * </ol>
 *
 * Explaining ({@link org.ltrplugin.engine.RankerWeight}) and logging ({@link org.ltrplugin.engine.FeatureLog}) read the
 * same vectors.
 *
 * <h2>Trees</h2>
 *
 * A {@link org.ltrplugin.engine.TreeBuilder} lays trees out as one {@link org.ltrplugin.engine.TreeEnsemble} of flat
 * arrays, which one document walks. In a rescore, {@link org.ltrplugin.engine.WindowRescoreContext} tells the query its
 * window, and {@link org.ltrplugin.engine.QuickScorer} take many documents through each tree at once, several times as fast.
 *
 * <h2>Where to add things</h2>
 *
 * A kind of model: a {@link org.ltrplugin.engine.RankerParser}, listed in its table. A kind of feature: a {@link
 * org.ltrplugin.engine.CompiledFeature}, listed in its factory. Limits on what a request may ask of a node stand in {@link
 * org.ltrplugin.engine.Limits}; what the original has and this engine lacks, in {@link org.ltrplugin.engine.Unsupported}.
 *
 * <h2>Around it</h2>
 *
 * {@code Rest*} classes read requests; {@link org.ltrplugin.engine.ElementValidator} decides what may be stored; {@link
 * org.ltrplugin.engine.ElementStore} writes it and clears the caches of all nodes; {@link
 * org.ltrplugin.engine.StoreIndex} knows how a store is laid out as an index.
 */
package org.ltrplugin.engine;
