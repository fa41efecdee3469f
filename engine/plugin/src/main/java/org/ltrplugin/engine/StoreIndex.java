package org.ltrplugin.engine;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.opensearch.action.admin.indices.create.CreateIndexRequest;
import org.opensearch.cluster.metadata.IndexMetadata;
import org.opensearch.cluster.metadata.MetadataCreateIndexService;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;

/** The index of a feature store: its name, its settings and its mapping. */
final class StoreIndex {
    static final String DEFAULT = ".ltrstore";
    static final String PATTERN = DEFAULT + "*";
    static final String DESCRIPTION = "Feature stores for learning to rank";
    private static final String PREFIX = DEFAULT + "_";
    private static final String DEFAULT_DISPLAY_NAME = "_default_";
    private static final Pattern RESERVED = Pattern.compile("features?\\*?|feature_[sS]ets?|models?");
    private static final int CURRENT_VERSION = 2;

    static final Setting<Integer> VERSION =
            Setting.intSetting("index.ltrstore_version", -1, -1, Integer.MAX_VALUE, Setting.Property.IndexScope);

    private StoreIndex() {}

    /** The index of a store. Null is the default store. */
    static String indexName(@Nullable String store) {
        if (store == null) {
            return DEFAULT;
        }
        if (store.isEmpty() || store.startsWith("-") || store.indexOf('*') >= 0 || store.indexOf(',') >= 0) {
            throw new IllegalArgumentException(
                    "[" + store + "] is not the name of a feature store: wildcards and lists are not allowed");
        }
        return PREFIX + store;
    }

    /** The name of the store in responses. */
    static String storeName(String index) {
        return index.equals(DEFAULT) ? DEFAULT_DISPLAY_NAME : index.substring(PREFIX.length());
    }

    static boolean isStore(IndexMetadata index) {
        String name = index.getIndex().getName();
        boolean named = name.equals(DEFAULT) || (name.startsWith(PREFIX) && name.length() > PREFIX.length());
        return named && VERSION.exists(index.getSettings());
    }

    /** Throws IllegalArgumentException when the name is not allowed for a new store. */
    static void validateNewName(@Nullable String store) {
        if (store == null) {
            return;
        }
        if (RESERVED.matcher(store).matches()) {
            throw new IllegalArgumentException(
                    "A featurestore name cannot be based on the words [feature], [featureset] and"
                            + " [model]: ["
                            + store
                            + "]");
        }
        MetadataCreateIndexService.validateIndexOrAliasName(
                store,
                (name, reason) -> new IllegalArgumentException(
                        String.format(Locale.ROOT, "Invalid feature store name [%s], %s", name, reason)));
    }

    static CreateIndexRequest createRequest(String index) {
        return new CreateIndexRequest(index).settings(settings()).mapping(MAPPING);
    }

    private static Settings settings() {
        String analysis = "index.analysis.analyzer.";
        return Settings.builder()
                .put(IndexMetadata.SETTING_NUMBER_OF_SHARDS, 1)
                .put(IndexMetadata.SETTING_AUTO_EXPAND_REPLICAS, "0-2")
                .put(IndexMetadata.SETTING_INDEX_HIDDEN, true)
                .put(IndexMetadata.SETTING_PRIORITY, Integer.MAX_VALUE)
                .put(VERSION.getKey(), CURRENT_VERSION)
                .put(analysis + "name_prefix.tokenizer", StoreAnalysis.TOKENIZER)
                .putList(analysis + "name_prefix.filter", StoreAnalysis.EDGE_NGRAM)
                .put(analysis + "name_prefix_search.tokenizer", StoreAnalysis.TOKENIZER)
                .putList(analysis + "name_prefix_search.filter", StoreAnalysis.LENGTH)
                .build();
    }

    private static final Map<String, Object> NOT_INDEXED = Map.of("type", "object", "enabled", false);

    private static final Map<String, Object> MAPPING = Map.of(
            "dynamic",
            "strict",
            "properties",
            Map.of(
                    "name",
                            Map.of(
                                    "type", "text",
                                    "analyzer", "keyword",
                                    "fields",
                                            Map.of(
                                                    "prefix",
                                                    Map.of(
                                                            "type",
                                                            "text",
                                                            "analyzer",
                                                            "name_prefix",
                                                            "search_analyzer",
                                                            "name_prefix_search"))),
                    "type", Map.of("type", "keyword"),
                    "feature", NOT_INDEXED,
                    "featureset", NOT_INDEXED,
                    "model", NOT_INDEXED));
}
