package org.ltrplugin.testnode.painless;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.ScriptPlugin;
import org.elasticsearch.script.IngestScript;
import org.elasticsearch.script.ScoreScript;
import org.elasticsearch.script.ScriptContext;
import org.elasticsearch.script.ScriptEngine;
import org.elasticsearch.script.UpdateScript;
import org.ltrplugin.testnode.painless.spi.Allowlist;
import org.ltrplugin.testnode.painless.spi.AllowlistLoader;

/** The painless script engine: OpenSearch's, with Elasticsearch's functions over vectors. */
public final class PainlessPlugin extends Plugin implements ScriptPlugin {
    private static final Map<ScriptContext<?>, List<String>> BEYOND_BASE = Map.of(
        ScoreScript.CONTEXT, List.of("org.elasticsearch.score.txt", "vectors.txt"),
        IngestScript.CONTEXT, List.of("org.elasticsearch.ingest.txt"),
        UpdateScript.CONTEXT, List.of("org.elasticsearch.update.txt")
    );

    @Override
    public ScriptEngine getScriptEngine(Settings settings, Collection<ScriptContext<?>> contexts) {
        Map<ScriptContext<?>, List<Allowlist>> allowed = new HashMap<>();
        for (ScriptContext<?> context : contexts) {
            List<Allowlist> lists = new ArrayList<>(Allowlist.BASE_ALLOWLISTS);
            for (String file : BEYOND_BASE.getOrDefault(context, List.of())) {
                lists.add(AllowlistLoader.loadFromResourceFiles(Allowlist.class, file));
            }
            allowed.put(context, lists);
        }
        return new PainlessScriptEngine(settings, allowed);
    }

    @Override
    public List<Setting<?>> getSettings() {
        return List.of(CompilerSettings.REGEX_ENABLED, CompilerSettings.REGEX_LIMIT_FACTOR);
    }
}
