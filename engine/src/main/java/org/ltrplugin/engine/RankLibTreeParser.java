package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The trees in a RankLib text. They look like XML, and are read by their own rules: comments and line ends go, and
 * nothing may stand between two tags; of the attributes only a tree's {@code weight} counts.
 *
 * <p>RankLib goes left where a value is not above the threshold, that is below the next float32; a missing value is 0.
 * It adds the product of leaf and weight in double and rounds the sum to float32.
 */
final class RankLibTreeParser {
    private static final Pattern WEIGHT = Pattern.compile("\\sweight\\s*=\\s*[\"']([^\"']*)[\"']");

    private final String name;
    private final int features;
    private final String text;
    private int at;

    private RankLibTreeParser(String name, String text, int features) {
        this.name = name;
        this.features = features;
        this.text = text.lines()
                .filter(line -> line.startsWith("#") == false)
                .map(String::strip)
                .collect(Collectors.joining());
    }

    /** One or more ensembles. */
    static List<TreeEnsemble> read(String name, String text, int features) {
        RankLibTreeParser trees = new RankLibTreeParser(name, text, features);
        List<TreeEnsemble> read = new ArrayList<>();
        do {
            read.add(trees.ensemble());
        } while (trees.at < trees.text.length());
        return read;
    }

    private TreeEnsemble ensemble() {
        TreeBuilder trees = new TreeBuilder();
        open("ensemble");
        do {
            Matcher weight = WEIGHT.matcher(open("tree"));
            if (weight.find() == false) {
                throw fault("a tree needs a [weight]");
            }
            open("split");
            read(trees, trees.addTree(), finite(weight.group(1)), 0);
            close("tree");
        } while (isNext("<tree"));
        close("ensemble");
        return trees.build(name, Objective.RAW, 0);
    }

    /** Reads what is in a split, and its end. */
    private void read(TreeBuilder trees, int place, float weight, int depth) {
        Limits.checkTreeDepth(depth);
        if (isNext("<output")) {
            trees.setLeaf(place, (double) finite(value("output")) * (double) weight);
        } else {
            int feature = feature(value("feature"), features);
            float threshold = Math.nextUp(finite(value("threshold")));
            int left = trees.addChildren();
            trees.setSplit(place, feature, threshold, left, 0 < threshold);
            open("split");
            read(trees, left, weight, depth + 1);
            open("split");
            read(trees, TreeBuilder.noChild(left), weight, depth + 1);
        }
        close("split");
    }

    /** The ordinal of a feature number. */
    static int feature(String number, int features) {
        int feature = Integer.parseInt(number);
        if (feature < 1 || feature > features) {
            throw new IllegalArgumentException(
                    "feature [" + feature + "] is not in the model's feature set, which has " + features);
        }
        return feature - 1;
    }

    private static float finite(String number) {
        float value = Float.parseFloat(number);
        if (Float.isFinite(value) == false) {
            throw new IllegalArgumentException("[" + number + "] is not a finite float32 number");
        }
        return value;
    }

    private String value(String tag) {
        open(tag);
        int end = text.indexOf('<', at);
        String value = text.substring(at, end < 0 ? text.length() : end);
        at += value.length();
        close(tag);
        return value.strip();
    }

    /** Passes over an opening tag; returns what stands in it behind its name. */
    private String open(String tag) {
        int end = text.indexOf('>', at);
        int inside = at + 1 + tag.length();
        if (isNext("<" + tag) == false || end < inside || " \t>".indexOf(text.charAt(inside)) < 0) {
            throw fault("<" + tag + "> expected");
        }
        at = end + 1;
        return text.substring(inside, end);
    }

    private void close(String tag) {
        String expected = "</" + tag + ">";
        if (isNext(expected) == false) {
            throw fault(expected + " expected");
        }
        at += expected.length();
    }

    private boolean isNext(String expected) {
        return text.startsWith(expected, at);
    }

    private IllegalArgumentException fault(String message) {
        String found = text.substring(at, Math.min(text.length(), at + 40));
        return new IllegalArgumentException(
                message + ", but there is [" + found + "] at character " + at + " of the trees");
    }
}
