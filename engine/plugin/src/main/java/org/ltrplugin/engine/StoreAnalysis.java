package org.ltrplugin.engine;

import java.util.List;
import org.apache.lucene.analysis.core.KeywordTokenizer;
import org.apache.lucene.analysis.miscellaneous.LengthFilter;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenFilter;
import org.opensearch.index.analysis.PreConfiguredTokenFilter;
import org.opensearch.index.analysis.PreConfiguredTokenizer;

/**
 * The tokenizer and token filters with which store indices find names by prefix. The plugin registers its own, so that
 * it also works on a node without the analysis-common module.
 */
final class StoreAnalysis {
    static final String TOKENIZER = "ltr_keyword";
    static final String EDGE_NGRAM = "ltr_edge_ngram";
    static final String LENGTH = "ltr_length";
    private static final int MAX_NAME_CHARS = 512;

    private StoreAnalysis() {}

    static List<PreConfiguredTokenizer> tokenizers() {
        return List.of(PreConfiguredTokenizer.singleton(TOKENIZER, () -> new KeywordTokenizer(2 * MAX_NAME_CHARS)));
    }

    static List<PreConfiguredTokenFilter> tokenFilters() {
        return List.of(
                PreConfiguredTokenFilter.singleton(
                        EDGE_NGRAM, true, in -> new EdgeNGramTokenFilter(in, 1, MAX_NAME_CHARS, false)),
                PreConfiguredTokenFilter.singleton(LENGTH, true, in -> new LengthFilter(in, 0, MAX_NAME_CHARS)));
    }
}
