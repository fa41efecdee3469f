package org.ltrplugin.testnode.analysis;

import java.util.List;
import java.util.function.Function;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;

/** Elasticsearch's class of this name, with what OpenSearch's has beyond it. */
final class Analysis extends org.elasticsearch.index.analysis.Analysis {
    private Analysis() {}

    /** The rules of this setting, or of the file that it names; null where there are none. */
    static <T> List<T> parseWordList(Environment env, Settings settings, String setting, Function<String, T> parser) {
        List<String> words = getWordList(env, settings, setting);
        return words == null ? null : words.stream().map(parser).toList();
    }

    static <T> List<T> parseWordList(
        Environment env,
        Settings settings,
        String path,
        String setting,
        Function<String, T> parser
    ) {
        List<String> words = getWordList(env, settings, path, setting, false);
        return words == null ? null : words.stream().map(parser).toList();
    }
}
