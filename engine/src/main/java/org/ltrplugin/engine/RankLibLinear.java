package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.util.RamUsageEstimator;

/**
 * The models that RankLib writes on one line: a sum in double, in the order of the line, of weights times values, or of
 * the weights of the features that are above a threshold. A value that is missing or NaN is 0.
 */
record RankLibLinear(String name, double constant, Term[] terms) implements Ranker {
    static final String ASCENT = "Coordinate Ascent";
    static final String REGRESSION = "Linear Regression";
    static final String ADA_RANK = "AdaRank";
    static final String BOOST = "RankBoost";

    /** @param threshold NaN where the value itself counts */
    record Term(int feature, double threshold, double weight) {
        double of(double value) {
            return Double.isNaN(threshold) ? weight * value : value > threshold ? weight : 0;
        }
    }

    /** Throws IllegalArgumentException unless the first line that is no comment is a model of this kind. */
    static RankLibLinear parse(String kind, String text, int features) {
        String line = text.lines()
                .filter(each -> each.isBlank() == false && each.startsWith("##") == false)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("a [" + kind + "] model needs a line of weights"));
        if (line.length() > Limits.MAX_LINE_CHARS) {
            throw new IllegalArgumentException(
                    "the line of a [" + kind + "] model has more than " + Limits.MAX_LINE_CHARS + " characters");
        }
        int comment = line.lastIndexOf('#');
        Double constant = kind.equals(REGRESSION) ? null : 0.0;
        List<Term> terms = new ArrayList<>();
        for (String token :
                (comment < 0 ? line : line.substring(0, comment)).strip().split(" +")) {
            String[] parts = token.split(":", -1);
            if (parts.length != (kind.equals(BOOST) ? 3 : 2)) {
                throw new IllegalArgumentException("[" + token + "] is not a term of a [" + kind + "] model");
            }
            double weight = finite(parts[parts.length - 1]);
            if (kind.equals(REGRESSION) && parts[0].equals("0")) {
                constant = weight;
            } else {
                double threshold = kind.equals(BOOST) ? finite(parts[1]) : Double.NaN;
                terms.add(new Term(RankLibTreeParser.feature(parts[0], features), threshold, weight));
            }
        }
        if (constant == null) {
            throw new IllegalArgumentException("a [" + kind + "] model needs its constant, as feature 0");
        }
        return new RankLibLinear(kind, constant, terms.toArray(Term[]::new));
    }

    private static double finite(String number) {
        double value = Double.parseDouble(number);
        if (Double.isFinite(value) == false) {
            throw new IllegalArgumentException("[" + number + "] is not a finite number");
        }
        return value;
    }

    @Override
    public float missingValue() {
        return 0;
    }

    @Override
    public float score(float[] vector) {
        double score = constant;
        for (Term term : terms) {
            float value = vector[term.feature];
            score += term.of(Float.isNaN(value) ? 0 : value);
        }
        return (float) score;
    }

    @Override
    public long ramBytesUsed() {
        return RamUsageEstimator.shallowSizeOf(this)
                + RamUsageEstimator.shallowSizeOf(terms)
                + terms.length * RamUsageEstimator.shallowSizeOfInstance(Term.class);
    }
}
