package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.util.RamUsageEstimator;

/**
 * The RankLib models that are one line of weights. The score is a sum in double, in the order of the line. For
 * RankBoost it is the sum of the weights of the terms whose value is above their threshold; for the others it is the
 * sum of weight times value. A value that is missing or NaN counts as 0.
 */
record RankLibLinear(String name, double intercept, Term[] terms) implements Ranker {
    static final String COORDINATE_ASCENT = "Coordinate Ascent";
    static final String LINEAR_REGRESSION = "Linear Regression";
    static final String ADA_RANK = "AdaRank";
    static final String RANK_BOOST = "RankBoost";

    /** @param threshold NaN when the term is weight times value */
    record Term(int feature, double threshold, double weight) {
        double apply(double value) {
            return Double.isNaN(threshold) ? weight * value : value > threshold ? weight : 0;
        }
    }

    /**
     * Parses the first line that is neither blank nor a comment.
     *
     * @throws IllegalArgumentException when that line is not a model of the algorithm
     */
    static RankLibLinear parse(String algorithm, String text, int featureCount) {
        String line = text.lines()
                .filter(l -> l.isBlank() == false && l.startsWith("##") == false)
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("a [" + algorithm + "] model must have a line of weights"));
        if (line.length() > Limits.MAX_LINEAR_MODEL_CHARS) {
            throw new IllegalArgumentException("the line of a [" + algorithm + "] model has more than "
                    + Limits.MAX_LINEAR_MODEL_CHARS + " characters");
        }
        int comment = line.lastIndexOf('#');
        Double intercept = algorithm.equals(LINEAR_REGRESSION) ? null : 0.0;
        List<Term> terms = new ArrayList<>();
        for (String token :
                (comment < 0 ? line : line.substring(0, comment)).strip().split(" +")) {
            String[] parts = token.split(":", -1);
            if (parts.length != (algorithm.equals(RANK_BOOST) ? 3 : 2)) {
                throw new IllegalArgumentException("[" + token + "] is not a term of a [" + algorithm + "] model");
            }
            double weight = parseFinite(parts[parts.length - 1]);
            if (algorithm.equals(LINEAR_REGRESSION) && parts[0].equals("0")) {
                intercept = weight;
            } else {
                double threshold = algorithm.equals(RANK_BOOST) ? parseFinite(parts[1]) : Double.NaN;
                terms.add(new Term(RankLibTreeParser.parseFeature(parts[0], featureCount), threshold, weight));
            }
        }
        if (intercept == null) {
            throw new IllegalArgumentException("a [" + algorithm + "] model must have its constant as feature [0]");
        }
        return new RankLibLinear(algorithm, intercept, terms.toArray(Term[]::new));
    }

    private static double parseFinite(String number) {
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
        double score = intercept;
        for (Term term : terms) {
            float value = vector[term.feature];
            score += term.apply(Float.isNaN(value) ? 0 : value);
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
