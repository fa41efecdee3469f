package org.ltrplugin.engine;

import org.apache.lucene.expressions.Expression;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.DoubleValues;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.QueryVisitor;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A derived feature with its arguments: reads features from the vector being filled, computes in
 * double, gives float32.
 */
record BoundFormula(String name, Expression expression, List<Argument> arguments)
        implements BoundFeature, FeatureWeight {
    /** Where the value of a variable comes from. */
    sealed interface Argument {
        DoubleValues in(float[] vector);
    }

    record FeatureValue(int ordinal) implements Argument {
        @Override
        public DoubleValues in(float[] vector) {
            return new Reading() {
                @Override
                public double doubleValue() {
                    return vector[ordinal];
                }
            };
        }
    }

    record Constant(double value) implements Argument {
        @Override
        public DoubleValues in(float[] vector) {
            return new Reading() {
                @Override
                public double doubleValue() {
                    return value;
                }
            };
        }
    }

    private abstract static class Reading extends DoubleValues {
        @Override
        public boolean advanceExact(int doc) {
            return true;
        }
    }

    @Override
    public BoundFeature rewrite(IndexSearcher searcher) {
        return this;
    }

    @Override
    public FeatureWeight createWeight(IndexSearcher searcher, float boost) {
        return this;
    }

    @Override
    public void visit(QueryVisitor visitor) {}

    @Override
    public FeatureReader reader(LeafReaderContext segment, float[] vector, long leadCost) {
        DoubleValues[] values =
                arguments.stream()
                        .map(argument -> argument.in(vector))
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
    public Explanation explain(LeafReaderContext segment, int doc, float value) throws IOException {
        List<Explanation> details = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            if (arguments.get(i) instanceof Constant constant) {
                details.add(
                        Explanation.match(constant.value(), "param " + expression.variables[i]));
            }
        }
        return Explanation.match(value, "computed by [" + expression.sourceText + "]", details);
    }
}
