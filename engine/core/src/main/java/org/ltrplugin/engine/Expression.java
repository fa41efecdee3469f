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
    /** The operations. Constants, because a switch over them is several times faster than one over an enum. */
    static final class Op {
        static final int ADD = 0;
        static final int SUBTRACT = 1;
        static final int MULTIPLY = 2;
        static final int DIVIDE = 3;
        static final int REMAINDER = 4;
        static final int NEGATE = 5;
        static final int MULTIPLY_ADD = 6;
        static final int CALL = 7;
        static final int CHOOSE_D = 8;
        static final int CHOOSE_L = 9;
        static final int LESS = 10;
        static final int LESS_OR_EQUAL = 11;
        static final int GREATER = 12;
        static final int GREATER_OR_EQUAL = 13;
        static final int EQUAL = 14;
        static final int NOT_EQUAL = 15;
        static final int NOT = 16;
        static final int AND = 17;
        static final int OR = 18;
        static final int BIT_NOT = 19;
        static final int BIT_AND = 20;
        static final int BIT_OR = 21;
        static final int BIT_XOR = 22;
        static final int SHIFT_LEFT = 23;
        static final int SHIFT_RIGHT = 24;
        static final int SHIFT_RIGHT_UNSIGNED = 25;
        static final int D_TO_LONG = 26;
        static final int D_TO_INT = 27;
        static final int L_TO_INT = 28;
        static final int L_TO_DOUBLE = 29;

        private Op() {}
    }

    /**
     * One instruction.
     *
     * @param target the register of the result
     * @param operands the registers that it reads
     * @param function the function of a CALL, otherwise null
     */
    record Instruction(int op, int target, int[] operands, @Nullable ExpressionFunction function) {}

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
            code[i * STRIDE] = instruction.op;
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
        private final double[] doubleRegisters = doubles.clone();
        private final long[] longRegisters = longs.clone();

        /** Sets a variable, by its position in {@link #variables()}, until it is set again. */
        void set(int variable, double value) {
            doubleRegisters[variableRegisters[variable]] = value;
        }

        double evaluate() {
            int[] program = code;
            double[] d = doubleRegisters;
            long[] l = longRegisters;
            for (int i = 0; i < program.length; i += STRIDE) {
                int target = program[i + 1];
                int a = program[i + 2];
                int b = program[i + 3];
                int c = program[i + 4];
                switch (program[i]) {
                    case Op.ADD -> d[target] = d[a] + d[b];
                    case Op.SUBTRACT -> d[target] = d[a] - d[b];
                    case Op.MULTIPLY -> d[target] = d[a] * d[b];
                    case Op.MULTIPLY_ADD -> d[target] = d[c] + d[a] * d[b];
                    case Op.DIVIDE -> d[target] = d[a] / d[b];
                    case Op.REMAINDER -> d[target] = d[a] % d[b];
                    case Op.NEGATE -> d[target] = -d[a];
                    case Op.CALL -> d[target] = functions[i / STRIDE].body().apply(d[a], d[b], d[c], d[program[i + 5]]);
                    case Op.CHOOSE_D -> d[target] = l[a] != 0 ? d[b] : d[c];
                    case Op.CHOOSE_L -> l[target] = l[a] != 0 ? l[b] : l[c];
                    case Op.LESS -> l[target] = d[a] < d[b] ? 1 : 0;
                    case Op.LESS_OR_EQUAL -> l[target] = d[a] <= d[b] ? 1 : 0;
                    case Op.GREATER -> l[target] = d[a] > d[b] ? 1 : 0;
                    case Op.GREATER_OR_EQUAL -> l[target] = d[a] >= d[b] ? 1 : 0;
                    case Op.EQUAL -> l[target] = d[a] == d[b] ? 1 : 0;
                    case Op.NOT_EQUAL -> l[target] = d[a] != d[b] ? 1 : 0;
                    case Op.NOT -> l[target] = l[a] == 0 ? 1 : 0;
                    case Op.AND -> l[target] = l[a] != 0 && l[b] != 0 ? 1 : 0;
                    case Op.OR -> l[target] = l[a] != 0 || l[b] != 0 ? 1 : 0;
                    case Op.BIT_NOT -> l[target] = ~l[a];
                    case Op.BIT_AND -> l[target] = l[a] & l[b];
                    case Op.BIT_OR -> l[target] = l[a] | l[b];
                    case Op.BIT_XOR -> l[target] = l[a] ^ l[b];
                    case Op.SHIFT_LEFT -> l[target] = l[a] << l[b];
                    case Op.SHIFT_RIGHT -> l[target] = l[a] >> l[b];
                    case Op.SHIFT_RIGHT_UNSIGNED -> l[target] = l[a] >>> l[b];
                    case Op.D_TO_LONG -> l[target] = (long) d[a];
                    case Op.D_TO_INT -> l[target] = (int) d[a];
                    case Op.L_TO_INT -> l[target] = (int) l[a];
                    case Op.L_TO_DOUBLE -> d[target] = l[a];
                    default -> throw new IllegalStateException("no operation [" + program[i] + "]");
                }
            }
            return d[result];
        }
    }
}
