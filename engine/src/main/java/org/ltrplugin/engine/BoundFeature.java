package org.ltrplugin.engine;

import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.QueryVisitor;

import java.io.IOException;

/**
 * A feature whose params are known. Equal to another when both give every document the same value.
 */
interface BoundFeature {
    String name();

    BoundFeature rewrite(IndexSearcher searcher) throws IOException;

    FeatureWeight createWeight(IndexSearcher searcher, float boost) throws IOException;

    void visit(QueryVisitor visitor);
}
