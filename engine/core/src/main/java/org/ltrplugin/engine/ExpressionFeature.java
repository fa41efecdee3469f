package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.Explanation;

/**
 * A derived feature with the values of its variables. It reads other features from the vector that is being filled,
 * computes in double and returns float32.
 */
record ExpressionFeature(String name, Expression expression, List<Variable> variables)
        implements BoundFeature.SearcherIndependent {
    /** The ordinal of a variable that is a param. */
    private static final int PARAM = -1;

    /** The value of a variable: a feature, by its ordinal, or the number of a param. */
    record Variable(int ordinal, double number) {
        static Variable feature(int ordinal) {
            return new Variable(ordinal, 0);
        }

        static Variable param(double number) {
            return new Variable(PARAM, number);
        }
    }

    @Override
    public FeatureReader reader(LeafReaderContext segment, float[] vector, long leadCost) {
        Expression.Evaluator evaluator = expression.evaluator();
        int[] ordinals = variables.stream().mapToInt(Variable::ordinal).toArray();
        for (int i = 0; i < ordinals.length; i++) {
            if (ordinals[i] == PARAM) {
                evaluator.set(i, variables.get(i).number);
            }
        }
        return new FeatureReader() {
            @Override
            public boolean advanceExact(int doc) {
                return true;
            }

            @Override
            public float value() {
                for (int i = 0; i < ordinals.length; i++) {
                    if (ordinals[i] != PARAM) {
                        evaluator.set(i, vector[ordinals[i]]);
                    }
                }
                return (float) evaluator.evaluate();
            }
        };
    }

    @Override
    public Explanation explain(LeafReaderContext segment, int doc, float value) {
        List<Explanation> params = new ArrayList<>();
        for (int i = 0; i < variables.size(); i++) {
            if (variables.get(i).ordinal == PARAM) {
                params.add(Explanation.match(
                        variables.get(i).number, "param " + expression.variables().get(i)));
            }
        }
        return Explanation.match(value, "computed by [" + expression.text() + "]", params);
    }
}
