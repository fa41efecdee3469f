package org.ltrplugin.engine;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code model/ranklib}: the text that RankLib writes. Its first line names the algorithm, and features are numbered
 * from 1 in the order of the set.
 */
final class RankLibParser implements RankerParser {
    /** Reads what follows the first line. */
    private interface Kind {
        Ranker read(String name, String text, int features);
    }

    private static final Map<String, Kind> KINDS = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    static {
        KINDS.put("MART", RankLibParser::ensemble);
        KINDS.put("LambdaMART", RankLibParser::ensemble);
        KINDS.put(
                "Random Forests",
                (name, text, features) -> RandomForest.of(name, RankLibTreeParser.read(name, text, features)));
        for (String name :
                List.of(RankLibLinear.ASCENT, RankLibLinear.REGRESSION, RankLibLinear.ADA_RANK, RankLibLinear.BOOST)) {
            KINDS.put(name, RankLibLinear::parse);
        }
        for (String name : List.of("RankNet", "LambdaRank", "ListNet")) {
            KINDS.put(name, RankLibParser::refuse);
        }
    }

    @Override
    public Ranker parse(JsonText definition, Map<String, Integer> ordinals) {
        if (definition.structured()) {
            throw new IllegalArgumentException("a RankLib model is a string");
        }
        String text = definition.text();
        String first = text.lines().findFirst().orElse("");
        String given = first.replace("## ", "").stripTrailing();
        for (Map.Entry<String, Kind> kind : KINDS.entrySet()) {
            if (kind.getKey().equalsIgnoreCase(given)) {
                return kind.getValue().read(kind.getKey(), text.substring(first.length()), ordinals.size());
            }
        }
        throw new IllegalArgumentException(
                "the first line of a RankLib model must name one of " + KINDS.keySet() + ", but is [" + first + "]");
    }

    private static Ranker ensemble(String name, String text, int features) {
        List<TreeEnsemble> read = RankLibTreeParser.read(name, text, features);
        if (read.size() > 1) {
            throw new IllegalArgumentException("a [" + name + "] model is one ensemble, not " + read.size());
        }
        return read.getFirst();
    }

    private static Ranker refuse(String name, String text, int features) {
        throw new IllegalArgumentException(
                "[" + name + "], a network of RankLib, is not supported: searches side by side would get wrong scores"
                        + " from the original; derived features under a linear model can express any network");
    }
}
