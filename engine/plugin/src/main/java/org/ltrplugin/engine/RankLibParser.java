package org.ltrplugin.engine;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Parses {@code model/ranklib}: the model file that RankLib writes. The first line names the algorithm. Features are
 * numbered from 1 in the order of the feature set.
 */
final class RankLibParser implements RankerParser {
    /** Parses the text after the first line. */
    private interface AlgorithmParser {
        Ranker parse(String algorithm, String text, int featureCount);
    }

    private static final Map<String, AlgorithmParser> ALGORITHMS = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    static {
        ALGORITHMS.put("MART", RankLibParser::parseEnsemble);
        ALGORITHMS.put("LambdaMART", RankLibParser::parseEnsemble);
        ALGORITHMS.put(
                "Random Forests",
                (name, text, featureCount) -> RandomForest.of(name, RankLibTreeParser.parse(name, text, featureCount)));
        for (String name : List.of(
                RankLibLinear.COORDINATE_ASCENT,
                RankLibLinear.LINEAR_REGRESSION,
                RankLibLinear.ADA_RANK,
                RankLibLinear.RANK_BOOST)) {
            ALGORITHMS.put(name, RankLibLinear::parse);
        }
        for (String name : List.of("RankNet", "LambdaRank", "ListNet")) {
            ALGORITHMS.put(name, RankLibParser::rejectNetwork);
        }
    }

    @Override
    public Ranker parse(JsonText definition, Map<String, Integer> ordinals) {
        if (definition.structured()) {
            throw new IllegalArgumentException("the definition of a RankLib model must be a string");
        }
        String text = definition.text();
        String firstLine = text.lines().findFirst().orElse("");
        String name = firstLine.replace("## ", "").stripTrailing();
        for (Map.Entry<String, AlgorithmParser> algorithm : ALGORITHMS.entrySet()) {
            if (algorithm.getKey().equalsIgnoreCase(name)) {
                return algorithm
                        .getValue()
                        .parse(algorithm.getKey(), text.substring(firstLine.length()), ordinals.size());
            }
        }
        throw new IllegalArgumentException("the first line of a RankLib model must name one of " + ALGORITHMS.keySet()
                + ", but is [" + firstLine + "]");
    }

    private static Ranker parseEnsemble(String algorithm, String text, int featureCount) {
        List<TreeEnsemble> ensembles = RankLibTreeParser.parse(algorithm, text, featureCount);
        if (ensembles.size() > 1) {
            throw new IllegalArgumentException(
                    "a [" + algorithm + "] model must have one ensemble, got [" + ensembles.size() + "]");
        }
        return ensembles.getFirst();
    }

    private static Ranker rejectNetwork(String algorithm, String text, int featureCount) {
        throw new IllegalArgumentException("the RankLib network [" + algorithm
                + "] is not supported; use derived features with a linear model, which can express any network");
    }
}
