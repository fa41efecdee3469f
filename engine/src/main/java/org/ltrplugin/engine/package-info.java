/**
 * Learning to rank for OpenSearch: feature stores, the {@code sltr} query and feature logging. The HTTP interface and the
 * numbers are those of the OpenSearch Learning to Rank plugin.
 *
 * <h2>Stored elements</h2>
 *
 * A store is an index ({@link org.ltrplugin.engine.StoreIndex}) of {@link org.ltrplugin.engine.Element}s. An element is a
 * {@link org.ltrplugin.engine.Feature}, a {@link org.ltrplugin.engine.FeatureSet} or a {@link
 * org.ltrplugin.engine.Model}, stored as the client sent it.
 *
 * <ul>
 *   <li>{@code Rest*} classes are the REST handlers. {@link org.ltrplugin.engine.LtrRestHandler} is their base class.
 *   <li>{@link org.ltrplugin.engine.ElementValidator} compiles an element, and runs its validation search, before it is
 *       stored.
 *   <li>{@link org.ltrplugin.engine.ElementStore} reads and writes elements. After a write it clears the caches of all
 *       nodes through {@link org.ltrplugin.engine.TransportCachesAction}.
 * </ul>
 *
 * <h2>From a stored model to a score</h2>
 *
 * {@link org.ltrplugin.engine.SltrQueryBuilder} parses the {@code sltr} query. A model then passes three stages. Each stage
 * creates immutable objects for the next one:
 *
 * <ol>
 *   <li><em>Compile</em>, once for each node: {@link org.ltrplugin.engine.ModelCache} loads the model and compiles it into
 *       a {@link org.ltrplugin.engine.CompiledModel}, which has a {@link org.ltrplugin.engine.CompiledFeature} for each
 *       feature and a {@link org.ltrplugin.engine.Ranker}. No search thread waits for the load.
 *   <li><em>Bind</em>, once for each request and shard: the params of the request turn each compiled feature into a {@link
 *       org.ltrplugin.engine.BoundFeature}. A {@link org.ltrplugin.engine.RankerQuery} is the Lucene query over them.
 *   <li><em>Score</em>, in each segment: {@link org.ltrplugin.engine.RankerWeight} creates a {@link
 *       org.ltrplugin.engine.RankerScorer}. For each document, a {@link org.ltrplugin.engine.FeatureVector} collects the
 *       values of the {@link org.ltrplugin.engine.FeatureReader}s, and the ranker computes the score. Mutable state exists
 *       only here, and one thread owns it.
 * </ol>
 *
 * Explanations ({@link org.ltrplugin.engine.RankerWeight}) and logs ({@link org.ltrplugin.engine.FeatureLog}) read the same
 * feature vectors as the scores.
 *
 * <h2>Rankers</h2>
 *
 * A {@link org.ltrplugin.engine.RankerParser} parses the definition of one model type:
 *
 * <ul>
 *   <li>{@code model/linear}: {@link org.ltrplugin.engine.LinearRanker}
 *   <li>{@code model/ranklib}: {@link org.ltrplugin.engine.TreeEnsemble}, {@link org.ltrplugin.engine.RandomForest} or
 *       {@link org.ltrplugin.engine.RankLibLinear}
 *   <li>{@code model/xgboost+json} and {@code model/xgboost+json+raw}: {@link org.ltrplugin.engine.TreeEnsemble}
 * </ul>
 *
 * {@link org.ltrplugin.engine.TreeBuilder} builds a tree ensemble as flat arrays, in which {@link
 * org.ltrplugin.engine.ThresholdRanks} replace float comparisons by integer comparisons. A tree ensemble scores one
 * document by walking its trees. In a rescore, {@link org.ltrplugin.engine.WindowRescoreContext} passes the window to the
 * query, so that {@link org.ltrplugin.engine.QuickScorer} can score many documents at once, which is several times faster.
 *
 * <h2>Where to add things</h2>
 *
 * <ul>
 *   <li>A model type: implement {@link org.ltrplugin.engine.RankerParser} and add it to {@code RankerParser.BY_TYPE}.
 *   <li>A kind of feature: implement {@link org.ltrplugin.engine.CompiledFeature} and add it to {@code
 *       CompiledFeature.of}.
 *   <li>A limit on what a request can make the node do: {@link org.ltrplugin.engine.Limits}.
 *   <li>An API of the OpenSearch Learning to Rank plugin that this plugin does not have: {@link
 *       org.ltrplugin.engine.Unsupported}.
 * </ul>
 */
package org.ltrplugin.engine;
