package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.expressions.Expression;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.DoubleValues;
import org.apache.lucene.search.Explanation;

/**
 * A derived feature with its arguments: reads features from the vector being filled, computes in double, gives float32.
 */
record ExpressionFeature(String name, Expression expression, List<Argument> arguments) implements BoundFeature.Plain {
    private static final int PARAM = -1;

    /** Where the value of a variable comes from: a feature by its ordinal, or a param that is this number. */
    record Argument(int ordinal, double number) {
        static Argument feature(int ordinal) {
            return new Argument(ordinal, 0);
        }

        static Argument param(double number) {
            return new Argument(PARAM, number);
        }

        private double in(float[] vector) {
            return ordinal == PARAM ? number : vector[ordinal];
        }
    }

    @Override
    public FeatureReader reader(LeafReaderContext segment, float[] vector, long leadCost) {
        DoubleValues[] values = arguments.stream()
                .map(argument -> new DoubleValues() {
                    @Override
                    public double doubleValue() {
                        return argument.in(vector);
                    }

                    @Override
                    public boolean advanceExact(int doc) {
                        return true;
                    }
                })
                .toArray(DoubleValues[]::new);
        return new FeatureReader() {
            @Override
            public boolean matches(int doc) {
                return true;
            }

            @Override
            public float value() throws IOException {
                return (float) expression.evaluate(values);
            }
        };
    }

    @Override
    public Explanation explain(LeafReaderContext segment, int doc, float value) {
        List<Explanation> params = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            if (arguments.get(i).ordinal == PARAM) {
                params.add(Explanation.match(arguments.get(i).number, "param " + expression.variables[i]));
            }
        }
        return Explanation.match(value, "computed by [" + expression.sourceText + "]", params);
    }
}
