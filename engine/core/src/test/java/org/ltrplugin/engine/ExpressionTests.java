package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.text.ParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.lucene.expressions.js.JavascriptCompiler;
import org.apache.lucene.search.DoubleValues;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lucene's own compiler says which texts are expressions and which values they have. */
class ExpressionTests {
    private static final int EXPRESSIONS = 2_000;
    private static final double[] VALUES = {
        0.0, -0.0, 1, -1, 0.5, 2, 3, 31, 32, 33, 63, 64, 1e-300, 1e300, 2147483648.0, -2147483649.0, 4294967296.5,
        9007199254740993.0, 9.3e18, -9.3e18, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY,
        Double.MIN_VALUE, Math.PI
    };
    private static final List<String> VARIABLES = List.of("a", "b_1", "c.d", "e['k']", "f[0].g", "h.now()");
    private static final List<String> CONSTANTS =
            List.of("0", "1", "2.5", ".5", "3.", "1e3", "1E-3", "017", "0xFf", "0x7fffffffffffffff", "0xFFFFFFFFF", "9007199254740993");
    private static final List<String> BINARY = List.of(
            "+", "-", "*", "/", "%", "<<", ">>", ">>>", "<", "<=", ">", ">=", "==", "!=", "&", "^", "|", "&&", "||");
    private static final List<String> UNARY = List.of("+", "-", "!", "~");

    private final Random random = new Random(7);

    private <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    private String space() {
        return random.nextInt(8) == 0 ? pick(List.of(" ", "\t", "\n", "\r ")) : "";
    }

    private String expression(int depth) {
        String inner = depth == 0 ? "" : space();
        return inner
                + switch (depth == 0 ? random.nextInt(2) : random.nextInt(10)) {
                    case 0 -> pick(VARIABLES);
                    case 1 -> pick(CONSTANTS);
                    case 2 -> "(" + expression(depth - 1) + space() + ")";
                    case 3 -> pick(UNARY) + " " + expression(depth - 1);
                    case 4 -> expression(depth - 1) + "?" + expression(depth - 1) + ":" + expression(depth - 1);
                    case 5 -> call(depth);
                    default -> expression(depth - 1) + space() + pick(BINARY) + " " + expression(depth - 1);
                };
    }

    private String call(int depth) {
        String name = pick(ExpressionFunction.BY_NAME.keySet().stream().sorted().toList());
        int arity = ExpressionFunction.BY_NAME.get(name).arity();
        return name + space() + "("
                + IntStream.range(0, arity)
                        .mapToObj(i -> expression(depth - 1))
                        .collect(Collectors.joining(","))
                + ")";
    }

    private static void assertSameValues(String text, Random random) throws IOException, ParseException {
        var expected = JavascriptCompiler.compile(text);
        Expression actual = Expression.compile(text);
        assertEquals(Arrays.asList(expected.variables), actual.variables(), text);
        Expression.Evaluator evaluator = actual.evaluator();
        for (int round = 0; round < 4; round++) {
            DoubleValues[] values = new DoubleValues[expected.variables.length];
            for (int i = 0; i < values.length; i++) {
                double value = VALUES[random.nextInt(VALUES.length)];
                values[i] = new Constant(value);
                evaluator.set(i, value);
            }
            // All NaN are one: the JVM may choose another one of them when it compiles to machine code.
            assertEquals(
                    Double.doubleToLongBits(expected.evaluate(values)),
                    Double.doubleToLongBits(evaluator.evaluate()),
                    text);
        }
    }

    private static final class Constant extends DoubleValues {
        private final double value;

        Constant(double value) {
            this.value = value;
        }

        @Override
        public double doubleValue() {
            return value;
        }

        @Override
        public boolean advanceExact(int doc) {
            return true;
        }
    }

    @Test
    void valuesAreThoseOfLucene() throws IOException, ParseException {
        for (int i = 0; i < EXPRESSIONS; i++) {
            assertSameValues(expression(random.nextInt(6)), random);
        }
    }

    @Test
    void allFunctionsOfLuceneAreKnown() {
        assertEquals(
                JavascriptCompiler.DEFAULT_FUNCTIONS.keySet(), ExpressionFunction.BY_NAME.keySet());
        JavascriptCompiler.DEFAULT_FUNCTIONS.forEach((name, function) -> assertEquals(
                function.type().parameterCount(),
                ExpressionFunction.BY_NAME.get(name).arity()));
    }

    @Test
    void theSameTextsAreExpressions() {
        List<String> pieces = List.of(
                "a", "1", "01", "08", "0x", ".", "1.", "1e", "e", "(", ")", ",", "?", ":", "+", "-", "!", "~", "*",
                "<<", "=", "==", "max", "ln", "h.now", "()", " ", "['x']", "[\"x\"]", "[\"it's \\\" \\\\\"]", "[1]",
                "[01]", "[", "'", "#", ">>>", "&", "|", "||", "\u00e9", "$", "_");
        for (int i = 0; i < EXPRESSIONS; i++) {
            String text = IntStream.range(0, 1 + random.nextInt(7))
                    .mapToObj(piece -> pick(pieces))
                    .collect(Collectors.joining());
            boolean valid = true;
            try {
                JavascriptCompiler.compile(text);
            } catch (ParseException | RuntimeException e) {
                valid = false;
            }
            if (valid) {
                assertDoesNotThrow(() -> assertSameValues(text, random), text);
            } else {
                assertThrows(IllegalArgumentException.class, () -> Expression.compile(text), text);
            }
        }
    }

    @Test
    void longAndDeepTextsNeedNoStack() {
        int size = 100_000;
        Expression.compile("a" + " + a".repeat(size));
        Expression.compile("(".repeat(size) + "a" + ")".repeat(size));
        Expression.compile("-".repeat(size) + "a");
        Expression.compile("abs(".repeat(size) + "a" + ")".repeat(size));
        Expression.compile("a ? 1 : ".repeat(size) + "2");
        Expression.compile("a" + ".b".repeat(size));
        Expression.compile("a" + "['it\\'s']".repeat(size));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1 +", "max(1)", "max(1, 2, 3)", "unknown(1)", "unknown()", "a b", "1 ? 2", "(1, 2)"})
    void errorsSayWhatIsWrong(String text) {
        Exception failure = assertThrows(IllegalArgumentException.class, () -> Expression.compile(text));
        assertEquals(true, failure.getMessage().matches("unexpected .+|there is no .+|function \\[max] takes 2 .+"));
    }
}
