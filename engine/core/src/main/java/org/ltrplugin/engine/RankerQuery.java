package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Weight;

/** Matches every document and scores it with a ranker. */
final class RankerQuery extends Query {
    private final List<BoundFeature> features;
    private final Ranker ranker;
    private final int[] window;

    RankerQuery(List<BoundFeature> features, Ranker ranker) {
        this(List.copyOf(features), ranker, new int[0]);
    }

    private RankerQuery(List<BoundFeature> features, Ranker ranker, int[] window) {
        this.features = features;
        this.ranker = ranker;
        this.window = window;
    }

    /** The ranker query itself or inside a boost. Null when the query is of another kind. */
    @Nullable
    static RankerQuery unwrap(@Nullable Query query) {
        Query inner = query instanceof BoostQuery boost ? boost.getQuery() : query;
        return inner instanceof RankerQuery ranker ? ranker : null;
    }

    /** This query with the documents that it will score: document ids of the searcher, in increasing order. */
    RankerQuery withWindow(int[] window) {
        return new RankerQuery(features, ranker, window);
    }

    List<BoundFeature> features() {
        return features;
    }

    Ranker ranker() {
        return ranker;
    }

    int[] window() {
        return window;
    }

    @Override
    public Query rewrite(IndexSearcher searcher) throws IOException {
        List<BoundFeature> rewritten = new ArrayList<>(features.size());
        boolean changed = false;
        for (BoundFeature feature : features) {
            BoundFeature result = feature.rewrite(searcher);
            changed |= result != feature;
            rewritten.add(result);
        }
        return changed ? new RankerQuery(List.copyOf(rewritten), ranker, window) : this;
    }

    @Override
    public Weight createWeight(IndexSearcher searcher, ScoreMode mode, float boost) throws IOException {
        if (mode.needsScores() == false) {
            return searcher.createWeight(searcher.rewrite(MatchAllDocsQuery.INSTANCE), mode, boost);
        }
        return new RankerWeight(this, featureWeights(searcher, boost));
    }

    /** The weights of the features for a searcher. The boost multiplies the features, not the score of the ranker. */
    List<FeatureWeight> featureWeights(IndexSearcher searcher, float boost) throws IOException {
        List<FeatureWeight> weights = new ArrayList<>(features.size());
        for (BoundFeature feature : features) {
            weights.add(feature.createWeight(searcher, boost));
        }
        return weights;
    }

    @Override
    public void visit(QueryVisitor visitor) {
        QueryVisitor inner = visitor.getSubVisitor(BooleanClause.Occur.SHOULD, this);
        features.forEach(feature -> feature.visit(inner));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RankerQuery query
                && features.equals(query.features)
                && ranker == query.ranker
                && Arrays.equals(window, query.window);
    }

    @Override
    public int hashCode() {
        return Objects.hash(classHash(), features, System.identityHashCode(ranker), Arrays.hashCode(window));
    }

    @Override
    public String toString(String field) {
        String suffix = window.length == 0 ? "" : ", " + window.length + " documents";
        return "sltr(" + ranker.name() + ", " + features.size() + " features" + suffix + ")";
    }
}
