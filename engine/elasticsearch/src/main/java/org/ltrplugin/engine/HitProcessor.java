package org.ltrplugin.engine;

import org.elasticsearch.search.fetch.FetchSubPhaseProcessor;
import org.elasticsearch.search.fetch.StoredFieldsSpec;

/** Adds to hits what needs none of their stored fields. */
interface HitProcessor extends FetchSubPhaseProcessor {
    @Override
    default StoredFieldsSpec storedFieldsSpec() {
        return StoredFieldsSpec.NO_REQUIREMENTS;
    }
}
