package org.ltrplugin.engine;

import java.util.Map;
import org.opensearch.OpenSearchStatusException;
import org.opensearch.action.ActionRequest;
import org.opensearch.action.admin.indices.create.CreateIndexRequest;
import org.opensearch.action.admin.indices.mapping.put.PutMappingRequest;
import org.opensearch.action.support.ActionFilter;
import org.opensearch.action.support.ActionFilterChain;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Setting.Property;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.xcontent.XContentHelper;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.action.ActionResponse;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.index.shard.IndexSettingProvider;
import org.opensearch.tasks.Task;

/**
 * Keeps a node alive whose k-NN plugin has no native library: it would end when Faiss, the default engine of a {@code
 * knn_vector} field, builds its first graph. New indices build none, so searches in such fields are exact; fields with
 * quantized vectors, which need the library in any case, are refused.
 */
final class ExactVectors implements IndexSettingProvider, ActionFilter {
    /** For nodes without the library. The development node sets it. */
    static final Setting<Boolean> ENABLED = Setting.boolSetting("ltr.knn.exact", false, Property.NodeScope);

    private static final String KNN = "index.knn";
    private static final String THRESHOLD = "index.knn.advanced.approximate_threshold";

    @Override
    public Settings getAdditionalIndexSettings(String index, boolean isDataStream, Settings stated) {
        boolean vectors = stated.getAsBoolean(KNN, false);
        return vectors ? Settings.builder().put(THRESHOLD, -1).build() : Settings.EMPTY;
    }

    @Override
    public int order() {
        return 0;
    }

    @Override
    public <Request extends ActionRequest, Response extends ActionResponse> void apply(
            Task task,
            String action,
            Request request,
            ActionListener<Response> listener,
            ActionFilterChain<Request, Response> chain) {
        String mapping = null;
        if (request instanceof CreateIndexRequest create) {
            mapping = create.mappings();
        } else if (request instanceof PutMappingRequest put) {
            mapping = put.source();
        }
        if (mapping != null && mapping.contains("knn_vector")) {
            check(XContentHelper.convertToMap(JsonXContent.jsonXContent, mapping, false));
        }
        chain.proceed(task, action, request, listener);
    }

    /** Throws an exception of status 400 where a mapping has a field with quantized vectors. */
    static void check(Map<?, ?> mapping) {
        if ("knn_vector".equals(mapping.get("type")) && isQuantized(mapping)) {
            throw new OpenSearchStatusException(
                    "this node has no native library of k-NN, which quantized vectors need: leave out [mode], "
                            + "[compression_level] and [encoder] of the knn_vector field, or set its [engine] to [lucene]",
                    RestStatus.BAD_REQUEST);
        }
        for (Object inner : mapping.values()) {
            if (inner instanceof Map<?, ?> fields) {
                check(fields);
            }
        }
    }

    private static boolean isQuantized(Map<?, ?> field) {
        Map<?, ?> method = field.get("method") instanceof Map<?, ?> stated ? stated : Map.of();
        if ("lucene".equals(method.get("engine"))) {
            return false;
        }
        boolean encoded = method.get("parameters") instanceof Map<?, ?> parameters && parameters.containsKey("encoder");
        return encoded || field.containsKey("compression_level") || "on_disk".equals(field.get("mode"));
    }
}
