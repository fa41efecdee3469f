package org.ltrplugin.engine;

import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.apache.lucene.util.MathUtil;
import org.apache.lucene.util.SloppyMath;

/** A function of expressions: those of Lucene's expressions, with the same values. */
record ExpressionFunction(int arity, Body body) {
    /** Computes the value; a function with fewer parameters ignores the last arguments. */
    interface Body {
        double apply(double a, double b, double c, double d);
    }

    static final int MAX_ARITY = 4;

    private static final double METERS_TO_KILOMETERS = 1D / 1000;

    static final Map<String, ExpressionFunction> BY_NAME = Map.ofEntries(
            unary("abs", Math::abs),
            unary("acos", Math::acos),
            unary("acosh", MathUtil::acosh),
            unary("asin", Math::asin),
            unary("asinh", MathUtil::asinh),
            unary("atan", Math::atan),
            binary("atan2", Math::atan2),
            unary("atanh", MathUtil::atanh),
            unary("ceil", Math::ceil),
            unary("cos", Math::cos),
            unary("cosh", Math::cosh),
            unary("exp", Math::exp),
            unary("floor", Math::floor),
            Map.entry(
                    "haversin",
                    new ExpressionFunction(
                            4, (a, b, c, d) -> SloppyMath.haversinMeters(a, b, c, d) * METERS_TO_KILOMETERS)),
            Map.entry("haversinMeters", new ExpressionFunction(4, SloppyMath::haversinMeters)),
            unary("ln", Math::log),
            unary("log10", Math::log10),
            binary("logn", MathUtil::log),
            binary("max", Math::max),
            binary("min", Math::min),
            binary("pow", Math::pow),
            unary("sin", Math::sin),
            unary("sinh", Math::sinh),
            unary("sqrt", Math::sqrt),
            unary("tan", Math::tan),
            unary("tanh", Math::tanh));

    private static Map.Entry<String, ExpressionFunction> unary(String name, DoubleUnaryOperator function) {
        return Map.entry(name, new ExpressionFunction(1, (a, b, c, d) -> function.applyAsDouble(a)));
    }

    private static Map.Entry<String, ExpressionFunction> binary(String name, DoubleBinaryOperator function) {
        return Map.entry(name, new ExpressionFunction(2, (a, b, c, d) -> function.applyAsDouble(a, b)));
    }
}
