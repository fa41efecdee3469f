/**
 * Learning to rank for OpenSearch and Elasticsearch: feature stores, the {@code sltr} query and feature logging. The HTTP
 * interface and the numbers are those of the OpenSearch Learning to Rank plugin.
 *
 * <p>The module {@code core} has the classes without types of a search engine, {@code plugin} those that both engines
 * compile, and {@code opensearch} and {@code elasticsearch} those that differ: see {@code DIFFERENCES.md}.
 *
 * <h2>Stored elements</h2>
 *
 * A store is an index ({@link StoreIndex}) of {@link Element}s. An element is a {@link Feature}, a {@link FeatureSet}
 * or a {@link Model}, stored as the client sent it.
 *
 * <ul>
 *   <li>{@code Rest*} classes are the REST handlers. {@link LtrRestHandler} is their base class. A
 *       {@link PermissionAction} says whether the caller may do what the request asks for.
 *   <li>{@link ElementValidator} compiles an element, and runs its validation search, before it is stored.
 *   <li>{@link ElementStore} reads and writes elements. After a write it clears the caches of all nodes through
 *       {@link TransportCachesAction}.
 * </ul>
 *
 * <h2>From a stored model to a score</h2>
 *
 * {@link SltrQueryBuilder} parses the {@code sltr} query. A model then passes three stages. Each stage creates
 * immutable objects for the next one:
 *
 * <ol>
 *   <li><em>Compile</em>, once for each node: {@link ModelCache} loads the model, on the {@link CompilerThread}, and
 *       compiles it into a {@link CompiledModel}, which has a {@link CompiledFeature} for each feature and a
 *       {@link Ranker}. No search thread waits for the load.
 *   <li><em>Bind</em>, once for each request and shard: the params of the request turn each compiled feature into a
 *       {@link BoundFeature}. A {@link RankerQuery} is the Lucene query over them.
 *   <li><em>Score</em>, in each segment: {@link RankerWeight} creates a {@link RankerScorer}. For each document, a
 *       {@link FeatureVector} collects the values of the {@link FeatureReader}s, and the ranker computes the score.
 *       Mutable state exists only here, and one thread owns it.
 * </ol>
 *
 * Explanations ({@link RankerWeight}) and logs ({@link FeatureLog}) read the same feature vectors as the scores.
 *
 * <h2>Rankers</h2>
 *
 * A {@link RankerParser} parses the definition of one model type:
 *
 * <ul>
 *   <li>{@code model/linear}: {@link LinearRanker}
 *   <li>{@code model/ranklib}: {@link TreeEnsemble}, {@link RandomForest} or {@link RankLibLinear}
 *   <li>{@code model/xgboost+json} and {@code model/xgboost+json+raw}: {@link TreeEnsemble}
 * </ul>
 *
 * {@link TreeBuilder} builds a tree ensemble as flat arrays, in which {@link ThresholdRanks} replace float comparisons
 * by integer comparisons. A tree ensemble scores one document by walking its trees. In a rescore,
 * {@link WindowRescoreContext} passes the window to the query, so that {@link QuickScorer} can score many documents at
 * once, which is several times faster.
 *
 * <h2>Where to add things</h2>
 *
 * <ul>
 *   <li>A model type: implement {@link RankerParser} and add it to {@code RankerParser.BY_TYPE}.
 *   <li>A kind of feature: implement {@link CompiledFeature} and add it to {@code CompiledFeature.of}.
 *   <li>A limit on what a request can make the node do: {@link Limits}; on a search as a whole: {@link SearchBudget}.
 *   <li>An API of the OpenSearch Learning to Rank plugin that this plugin does not have: {@link Unsupported}.
 * </ul>
 */
package org.ltrplugin.engine;
