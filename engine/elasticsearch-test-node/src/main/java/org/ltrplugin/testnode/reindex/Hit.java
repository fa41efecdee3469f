package org.ltrplugin.testnode.reindex;

import java.util.Map;
import org.elasticsearch.common.bytes.BytesArray;
import org.elasticsearch.common.bytes.BytesReference;
import org.elasticsearch.common.document.DocumentField;
import org.elasticsearch.common.xcontent.XContentHelper;
import org.elasticsearch.index.mapper.RoutingFieldMapper;
import org.elasticsearch.search.SearchHit;

/** A document as the search found it; it outlives the search's answer. */
record Hit(String index, String id, long seqNo, long primaryTerm, long version, String routing, BytesReference source) {
    static Hit of(SearchHit hit) {
        DocumentField routing = hit.field(RoutingFieldMapper.NAME);
        return new Hit(
            hit.getIndex(),
            hit.getId(),
            hit.getSeqNo(),
            hit.getPrimaryTerm(),
            hit.getVersion(),
            routing == null ? null : routing.getValue(),
            hit.hasSource() ? new BytesArray(BytesReference.toBytes(hit.getSourceRef())) : null
        );
    }

    Map<String, Object> sourceAsMap() {
        return XContentHelper.convertToMap(source, false).v2();
    }
}
