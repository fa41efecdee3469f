package org.ltrplugin.testnode.mustache;

import java.io.IOException;
import java.util.Map;
import java.util.function.Predicate;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.common.bytes.BytesArray;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.rest.action.search.RestSearchAction;
import org.elasticsearch.script.Script;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.script.ScriptType;
import org.elasticsearch.script.TemplateScript;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.internal.SearchContext;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;
import org.elasticsearch.xcontent.XContentType;

/** From a template to the search that it stands for. */
final class Templates {
    private Templates() {}

    /** Renders the template into the response and returns its search, or null where it is only to be rendered. */
    static SearchRequest search(
        SearchTemplateRequest request,
        SearchTemplateResponse response,
        ScriptService scripts,
        XContentParserConfiguration parsing,
        Predicate<NodeFeature> clusterHas
    ) throws IOException {
        Map<String, Object> params = request.getScriptParams() == null ? Map.of() : request.getScriptParams();
        boolean stored = request.getScriptType() == ScriptType.STORED;
        Script script = new Script(
            request.getScriptType(),
            stored ? null : MustacheScriptEngine.NAME,
            request.getScript(),
            stored ? null : Map.of(),
            params
        );
        String source = scripts.compile(script, TemplateScript.CONTEXT).newInstance(params).execute();
        response.setSource(new BytesArray(source));
        if (request.isSimulate()) {
            return null;
        }
        SearchRequest search = request.getRequest();
        try (XContentParser parser = XContentType.JSON.xContent().createParser(parsing, source)) {
            SearchSourceBuilder builder = SearchSourceBuilder.searchSource();
            builder.parseXContent(parser, false, clusterHas);
            builder.explain(request.isExplain());
            builder.profile(request.isProfile());
            setTotalHits(search, builder);
            search.source(builder);
        }
        return search;
    }

    /** {@code rest_total_hits_as_int} came with the request: the search must count all hits. */
    private static void setTotalHits(SearchRequest search, SearchSourceBuilder rendered) {
        Integer wanted = search.source() == null ? null : search.source().trackTotalHitsUpTo();
        Integer set = rendered.trackTotalHitsUpTo();
        if (wanted == null) {
            return;
        }
        if (set == null) {
            rendered.trackTotalHitsUpTo(wanted);
        } else if (set != SearchContext.TRACK_TOTAL_HITS_ACCURATE && set != SearchContext.TRACK_TOTAL_HITS_DISABLED) {
            throw new IllegalArgumentException(
                "[" + RestSearchAction.TOTAL_HITS_AS_INT_PARAM
                    + "] cannot be used if the tracking of total hits is not accurate, got " + set
            );
        }
    }
}
