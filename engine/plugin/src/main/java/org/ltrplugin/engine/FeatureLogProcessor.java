package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.index.LeafReaderContext;
import org.opensearch.common.document.DocumentField;
import org.opensearch.search.fetch.FetchSubPhase.HitContext;

/** Adds the feature logs of each hit to its field {@code _ltrlog}. */
final class FeatureLogProcessor implements HitProcessor {
    private static final String FIELD = "_ltrlog";

    private final List<FeatureLog> logs;
    private final List<FeatureVector> vectors = new ArrayList<>();

    FeatureLogProcessor(List<FeatureLog> logs) {
        this.logs = logs;
    }

    @Override
    public void setNextReader(LeafReaderContext segment) throws IOException {
        vectors.clear();
        for (FeatureLog log : logs) {
            vectors.add(log.vector(segment));
        }
    }

    @Override
    public void process(HitContext hit) throws IOException {
        Map<String, Object> logged = new LinkedHashMap<>();
        for (int i = 0; i < logs.size(); i++) {
            vectors.get(i).advance(hit.docId());
            logged.put(logs.get(i).name(), logs.get(i).entries(vectors.get(i)));
        }
        NodeApi.addField(hit.hit(), new DocumentField(FIELD, List.of(logged)));
    }
}
