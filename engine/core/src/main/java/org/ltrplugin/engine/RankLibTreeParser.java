package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Parses the trees of a RankLib model. The format resembles XML but has its own rules: comment lines and line ends are
 * removed, no text is allowed between two tags, and {@code weight} is the only attribute that is read.
 *
 * <p>RankLib goes to the left child when the value is not above the threshold, that is, when it is below the next
 * float32. A missing value is 0. RankLib adds the product of leaf and weight in double and rounds each sum to float32.
 */
final class RankLibTreeParser {
    private static final Pattern WEIGHT = Pattern.compile("\\sweight\\s*=\\s*[\"']([^\"']*)[\"']");

    private final String name;
    private final int featureCount;
    private final String text;
    private int position;

    private RankLibTreeParser(String name, String text, int featureCount) {
        this.name = name;
        this.featureCount = featureCount;
        this.text = text.lines()
                .filter(line -> line.startsWith("#") == false)
                .map(String::strip)
                .collect(Collectors.joining());
    }

    /** Parses one or more ensembles. */
    static List<TreeEnsemble> parse(String name, String text, int featureCount) {
        RankLibTreeParser parser = new RankLibTreeParser(name, text, featureCount);
        List<TreeEnsemble> ensembles = new ArrayList<>();
        do {
            ensembles.add(parser.parseEnsemble());
        } while (parser.position < parser.text.length());
        return ensembles;
    }

    private TreeEnsemble parseEnsemble() {
        TreeBuilder trees = new TreeBuilder();
        expectStart("ensemble");
        do {
            Matcher weight = WEIGHT.matcher(expectStart("tree"));
            if (weight.find() == false) {
                throw error("a tree must have a [weight]");
            }
            expectStart("split");
            parseSplit(trees, trees.addTree(), parseFinite(weight.group(1)), 0);
            expectEnd("tree");
        } while (isNext("<tree"));
        expectEnd("ensemble");
        return trees.build(name, Objective.RAW, 0);
    }

    /** Parses the content and the end of a split element into a node of the builder. */
    private void parseSplit(TreeBuilder trees, int node, float weight, int depth) {
        Limits.checkTreeDepth(depth);
        if (isNext("<output")) {
            trees.setLeaf(node, (double) parseFinite(parseValue("output")) * (double) weight);
        } else {
            int feature = parseFeature(parseValue("feature"), featureCount);
            float threshold = Math.nextUp(parseFinite(parseValue("threshold")));
            int left = trees.addChildren();
            trees.setSplit(node, feature, threshold, left, 0 < threshold);
            expectStart("split");
            parseSplit(trees, left, weight, depth + 1);
            expectStart("split");
            parseSplit(trees, TreeBuilder.noChild(left), weight, depth + 1);
        }
        expectEnd("split");
    }

    /** The ordinal of a feature, which RankLib numbers from 1. */
    static int parseFeature(String number, int featureCount) {
        int feature = Integer.parseInt(number);
        if (feature < 1 || feature > featureCount) {
            throw new IllegalArgumentException("feature [" + feature
                    + "] is not in the model's feature set, which has [" + featureCount + "] features");
        }
        return feature - 1;
    }

    private static float parseFinite(String number) {
        float value = Float.parseFloat(number);
        if (Float.isFinite(value) == false) {
            throw new IllegalArgumentException("[" + number + "] is not a finite float32 number");
        }
        return value;
    }

    private String parseValue(String tag) {
        expectStart(tag);
        int end = text.indexOf('<', position);
        String value = text.substring(position, end < 0 ? text.length() : end);
        position += value.length();
        expectEnd(tag);
        return value.strip();
    }

    /** Consumes a start tag and returns its text after the name. */
    private String expectStart(String tag) {
        int end = text.indexOf('>', position);
        int nameEnd = position + 1 + tag.length();
        if (isNext("<" + tag) == false || end < nameEnd || " \t>".indexOf(text.charAt(nameEnd)) < 0) {
            throw error("expected <" + tag + ">");
        }
        position = end + 1;
        return text.substring(nameEnd, end);
    }

    private void expectEnd(String tag) {
        String expected = "</" + tag + ">";
        if (isNext(expected) == false) {
            throw error("expected " + expected);
        }
        position += expected.length();
    }

    private boolean isNext(String expected) {
        return text.startsWith(expected, position);
    }

    private IllegalArgumentException error(String message) {
        String next = text.substring(position, Math.min(text.length(), position + 40));
        return new IllegalArgumentException(
                message + ", got [" + next + "] at character [" + position + "] of the trees");
    }
}
