package org.ltrplugin.engine;

import java.util.List;
import java.util.Map;

/**
 * A compiled expression in the syntax of Lucene's expressions, and with bit-equal values. Lucene itself compiles to
 * bytecode, which an installed plugin of Elasticsearch is not allowed to load, and which the JVM only interprets when an
 * expression has more than some 500 terms.
 *
 * <p>It is a list of instructions over two files of registers: doubles, and the longs that shifts, bit operations and
 * conditions compute with. Immutable; {@link Evaluator} has the mutable state.
 */
final class Expression {
    /** The operations, by the kind of their operands: {@code D} reads doubles, {@code L} reads longs. */
    enum Op {
        ADD,
        SUBTRACT,
        MULTIPLY,
        DIVIDE,
        REMAINDER,
        NEGATE,
        CALL,
        CHOOSE_D,
        CHOOSE_L,
        LESS,
        LESS_OR_EQUAL,
        GREATER,
        GREATER_OR_EQUAL,
        EQUAL,
        NOT_EQUAL,
        NOT,
        AND,
        OR,
        BIT_NOT,
        BIT_AND,
        BIT_OR,
        BIT_XOR,
        SHIFT_LEFT,
        SHIFT_RIGHT,
        SHIFT_RIGHT_UNSIGNED,
        D_TO_LONG,
        D_TO_INT,
        L_TO_INT,
        L_TO_DOUBLE
    }

    /**
     * One instruction.
     *
     * @param target the register of the result
     * @param operands the registers that it reads
     * @param function the function of a CALL, otherwise null
     */
    record Instruction(Op op, int target, int[] operands, @Nullable ExpressionFunction function) {}

    private static final Op[] OPS = Op.values();

    /** The operation, the target and up to four operands of each instruction. */
    private static final int STRIDE = 2 + ExpressionFunction.MAX_ARITY;

    private final String text;
    private final List<String> variables;
    private final int[] variableRegisters;
    private final int[] code;
    private final ExpressionFunction[] functions;
    private final double[] doubles;
    private final long[] longs;
    private final int result;

    /**
     * @param variables the register of each variable, in the order of their first use
     * @param doubles the values of the registers before the first instruction
     * @param result the register of the value
     */
    Expression(
            String text,
            Map<String, Integer> variables,
            List<Instruction> instructions,
            double[] doubles,
            long[] longs,
            int result) {
        this.text = text;
        this.variables = List.copyOf(variables.keySet());
        this.variableRegisters =
                variables.values().stream().mapToInt(Integer::intValue).toArray();
        this.code = new int[instructions.size() * STRIDE];
        this.functions = new ExpressionFunction[instructions.size()];
        this.doubles = doubles;
        this.longs = longs;
        this.result = result;
        for (int i = 0; i < instructions.size(); i++) {
            Instruction instruction = instructions.get(i);
            code[i * STRIDE] = instruction.op.ordinal();
            code[i * STRIDE + 1] = instruction.target;
            System.arraycopy(instruction.operands, 0, code, i * STRIDE + 2, instruction.operands.length);
            functions[i] = instruction.function;
        }
    }

    /** Throws IllegalArgumentException when the text is not a valid expression. */
    static Expression compile(String text) {
        return new ExpressionCompiler(text).compile();
    }

    String text() {
        return text;
    }

    /** The names of the variables. */
    List<String> variables() {
        return variables;
    }

    long ramBytesUsed() {
        return 200L
                + text.length()
                + 100L * variables.size()
                + 4L * code.length
                + 8L * (doubles.length + longs.length)
                + 4L * functions.length;
    }

    Evaluator evaluator() {
        return new Evaluator();
    }

    /** Evaluates the expression. One thread owns it. */
    final class Evaluator {
        private final double[] d = doubles.clone();
        private final long[] l = longs.clone();

        /** Sets a variable, by its position in {@link #variables()}, until it is set again. */
        void set(int variable, double value) {
            d[variableRegisters[variable]] = value;
        }

        double evaluate() {
            for (int i = 0; i < code.length; i += STRIDE) {
                step(i, code[i + 1], code[i + 2], code[i + 3], code[i + 4]);
            }
            return d[result];
        }

        private void step(int i, int target, int a, int b, int c) {
            switch (OPS[code[i]]) {
                case ADD -> d[target] = d[a] + d[b];
                case SUBTRACT -> d[target] = d[a] - d[b];
                case MULTIPLY -> d[target] = d[a] * d[b];
                case DIVIDE -> d[target] = d[a] / d[b];
                case REMAINDER -> d[target] = d[a] % d[b];
                case NEGATE -> d[target] = -d[a];
                case CALL -> d[target] = functions[i / STRIDE].body().apply(d[a], d[b], d[c], d[code[i + 5]]);
                case CHOOSE_D -> d[target] = l[a] != 0 ? d[b] : d[c];
                case CHOOSE_L -> l[target] = l[a] != 0 ? l[b] : l[c];
                case LESS -> l[target] = d[a] < d[b] ? 1 : 0;
                case LESS_OR_EQUAL -> l[target] = d[a] <= d[b] ? 1 : 0;
                case GREATER -> l[target] = d[a] > d[b] ? 1 : 0;
                case GREATER_OR_EQUAL -> l[target] = d[a] >= d[b] ? 1 : 0;
                case EQUAL -> l[target] = d[a] == d[b] ? 1 : 0;
                case NOT_EQUAL -> l[target] = d[a] != d[b] ? 1 : 0;
                case NOT -> l[target] = l[a] == 0 ? 1 : 0;
                case AND -> l[target] = l[a] != 0 && l[b] != 0 ? 1 : 0;
                case OR -> l[target] = l[a] != 0 || l[b] != 0 ? 1 : 0;
                case BIT_NOT -> l[target] = ~l[a];
                case BIT_AND -> l[target] = l[a] & l[b];
                case BIT_OR -> l[target] = l[a] | l[b];
                case BIT_XOR -> l[target] = l[a] ^ l[b];
                case SHIFT_LEFT -> l[target] = l[a] << l[b];
                case SHIFT_RIGHT -> l[target] = l[a] >> l[b];
                case SHIFT_RIGHT_UNSIGNED -> l[target] = l[a] >>> l[b];
                case D_TO_LONG -> l[target] = (long) d[a];
                case D_TO_INT -> l[target] = (int) d[a];
                case L_TO_INT -> l[target] = (int) l[a];
                case L_TO_DOUBLE -> d[target] = l[a];
            }
        }
    }
}
