package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import org.opensearch.index.query.ScriptQueryBuilder;
import org.opensearch.script.Script;
import org.opensearch.script.ScriptType;

/**
 * A boolean script in any script language of the node. Its value is 1 where the script returns true; elsewhere it does
 * not match.
 */
record ScriptFilterFeature(Feature feature) implements CompiledFeature {
    @Override
    public String name() {
        return feature.name();
    }

    @Override
    public List<String> params() {
        return feature.params();
    }

    @Override
    public BoundFeature bind(FeatureContext context) throws IOException {
        Script script = new Script(
                ScriptType.INLINE, feature.language(), feature.template().text(), context.params(params()));
        return new QueryFeature(name(), new ScriptQueryBuilder(script).toQuery(context.shard()));
    }

    @Override
    public long ramBytesUsed() {
        return 2L * feature.template().text().length();
    }
}
