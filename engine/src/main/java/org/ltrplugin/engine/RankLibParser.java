package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code model/ranklib}: the text that RankLib writes. Its first line names the algorithm, and features are numbered
 * from 1 in the order of the set.
 */
final class RankLibParser implements RankerParser {
    private static final List<String> TREES = List.of("MART", "LambdaMART");
    private static final String FOREST = "Random Forests";
    private static final List<String> LINES =
            List.of(LineRanker.ASCENT, LineRanker.REGRESSION, LineRanker.ADA_RANK, LineRanker.RANK_BOOST);
    private static final List<String> NETWORKS = List.of("RankNet", "LambdaRank", "ListNet");

    @Override
    public Ranker parse(JsonText definition, Map<String, Integer> ordinals) {
        if (definition.structured()) {
            throw new IllegalArgumentException("a RankLib model is a string");
        }
        List<String> lines = definition.text().lines().toList();
        String first = lines.isEmpty() ? "" : lines.getFirst();
        int features = ordinals.size();
        for (String name : TREES) {
            if (names(first, name)) {
                List<TreeEnsemble> read = new RankLibTrees(name, lines, features).ensembles();
                if (read.size() > 1) {
                    throw new IllegalArgumentException("a [" + name + "] model is one ensemble, not " + read.size());
                }
                return read.getFirst();
            }
        }
        if (names(first, FOREST)) {
            return new Forest(FOREST, new RankLibTrees(FOREST, lines, features).ensembles());
        }
        for (String name : LINES) {
            if (names(first, name)) {
                return LineRanker.parse(name, lines, features);
            }
        }
        for (String name : NETWORKS) {
            if (names(first, name)) {
                throw new IllegalArgumentException(
                        "[" + name + "], a network of RankLib, is not supported: searches side by side would get wrong"
                                + " scores from the original; derived features under a linear model can express any"
                                + " network");
            }
        }
        List<String> known = new ArrayList<>(TREES);
        known.add(FOREST);
        known.addAll(LINES);
        throw new IllegalArgumentException(
                "the first line of a RankLib model must name one of " + known + ", but is [" + first + "]");
    }

    private static boolean names(String line, String algorithm) {
        return line.replace("## ", "").stripTrailing().equalsIgnoreCase(algorithm);
    }
}
