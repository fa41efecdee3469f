package org.ltrplugin.engine;

import java.util.List;
import java.util.Map;

/**
 * An expression over other features of the same set and over params that are numbers. It matches every document.
 */
record DerivedFeature(String name, List<String> params, Expression expression) implements CompiledFeature {
    static final String LANGUAGE = "derived_expression";
    private static final String OPERATORS = "+-*/%<>=!&|^~?(,";

    static DerivedFeature compile(Feature feature) {
        String text = feature.template().text();
        long operators = text.chars().filter(c -> OPERATORS.indexOf(c) >= 0).count();
        if (operators > Limits.MAX_EXPRESSION_OPERATORS || text.length() > Limits.MAX_EXPRESSION_CHARS) {
            throw new IllegalArgumentException("the expression of feature ["
                    + feature.name()
                    + "] is too long: at most "
                    + Limits.MAX_EXPRESSION_OPERATORS
                    + " operators and "
                    + Limits.MAX_EXPRESSION_CHARS
                    + " characters are allowed; split it into several features");
        }
        try {
            return new DerivedFeature(feature.name(), feature.params(), Expression.compile(text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the expression of feature [" + feature.name() + "] does not compile: " + e.getMessage(), e);
        }
    }

    /** Throws IllegalArgumentException unless each variable is either a feature of the set or a declared param. */
    void checkVariables(Map<String, Integer> ordinals) {
        for (String variable : expression.variables()) {
            boolean isFeature = ordinals.containsKey(variable);
            boolean isParam = params.contains(variable);
            if (isFeature == false && isParam == false) {
                throw unknownVariable(variable);
            }
            if (isFeature && isParam) {
                throw new IllegalArgumentException(
                        "Derived feature [" + name + "]: [" + variable + "] is both a feature of the set and a param");
            }
        }
    }

    @Override
    public BoundFeature bind(FeatureContext context) {
        // Each segment's reader has registers of its own: up to four bytes for a character of the text.
        SearchBudget.of(context.shard()).addChars(context.shard(), expression.text().length());
        ExpressionFeature.Variable[] variables = new ExpressionFeature.Variable[expression.variables().size()];
        for (int i = 0; i < variables.length; i++) {
            variables[i] = resolve(expression.variables().get(i), context);
        }
        return new ExpressionFeature(name, expression, List.of(variables));
    }

    private ExpressionFeature.Variable resolve(String variable, FeatureContext context) {
        Integer ordinal = context.ordinals().get(variable);
        if (ordinal != null) {
            return ExpressionFeature.Variable.feature(ordinal);
        }
        if (params.contains(variable) == false) {
            throw unknownVariable(variable);
        }
        if (context.params().get(variable) instanceof Number number) {
            return ExpressionFeature.Variable.param(number.doubleValue());
        }
        throw new IllegalArgumentException("Derived feature ["
                + name
                + "] needs a number for param ["
                + variable
                + "], got ["
                + context.params().get(variable)
                + "]");
    }

    private IllegalArgumentException unknownVariable(String variable) {
        return new IllegalArgumentException(
                "Derived feature [" + name + "] refers to unknown feature: [" + variable + "]");
    }

    @Override
    public long ramBytesUsed() {
        return expression.ramBytesUsed();
    }
}
