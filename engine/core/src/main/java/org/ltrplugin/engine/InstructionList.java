package org.ltrplugin.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ltrplugin.engine.Expression.Instruction;
import org.ltrplugin.engine.Expression.Op;

/**
 * Collects the instructions of an expression, and allots its registers. Operations take their operands from a stack and
 * push the result.
 *
 * <p>As in Lucene, arithmetic and comparisons compute in double, bit operations and shifts in 64 bits, and conditions and
 * the distance of a shift in 32 bits. Each operation converts its operands from the type in which they were computed.
 */
final class InstructionList {
    private static final int NONE = -1;

    /**
     * An operand, in the registers of the types in which it is known: at least one, and all when it can be of either type,
     * as the values of a conditional.
     */
    private record Operand(int asDouble, int asLong, int asInt) {
        static Operand ofDouble(int register) {
            return new Operand(register, NONE, NONE);
        }

        static Operand ofLong(int register) {
            return new Operand(NONE, register, NONE);
        }

        boolean isDouble() {
            return asLong == NONE;
        }

        boolean isLong() {
            return asDouble == NONE;
        }

        /** 0 or 1, which is the same in 32 and in 64 bits. */
        static Operand ofTruth(int register) {
            return new Operand(NONE, register, register);
        }
    }

    /** The registers of one type. One that no operand uses any more is used again. */
    private static final class Registers<T extends Number> {
        private final List<T> initial = new ArrayList<>();
        private final List<Boolean> temporary = new ArrayList<>();
        private final Deque<Integer> free = new ArrayDeque<>();
        private final T zero;

        Registers(T zero) {
            this.zero = zero;
        }

        /** A register that is not given to another operand: a constant or a variable. */
        int fixed(T value) {
            initial.add(value);
            temporary.add(false);
            return initial.size() - 1;
        }

        int allocate() {
            if (free.isEmpty()) {
                free.push(fixed(zero));
                temporary.set(free.peek(), true);
            }
            return free.pop();
        }

        void release(int register) {
            if (register != NONE && temporary.get(register)) {
                free.push(register);
            }
        }
    }

    private final List<Instruction> instructions = new ArrayList<>();
    private final Map<String, Integer> variables = new LinkedHashMap<>();
    private final Registers<Double> doubles = new Registers<>(0.0);
    private final Registers<Long> longs = new Registers<>(0L);
    private final Deque<Operand> operands = new ArrayDeque<>();

    void pushNumber(double value) {
        operands.push(Operand.ofDouble(doubles.fixed(value)));
    }

    void pushInteger(long value) {
        operands.push(Operand.ofLong(longs.fixed(value)));
    }

    void pushVariable(String name) {
        operands.push(Operand.ofDouble(variables.computeIfAbsent(name, ignored -> doubles.fixed(0.0))));
    }

    void call(ExpressionFunction function) {
        Operand[] arguments = new Operand[function.arity()];
        int[] registers = new int[arguments.length];
        for (int i = arguments.length - 1; i >= 0; i--) {
            arguments[i] = withDouble(operands.pop());
            registers[i] = arguments[i].asDouble;
        }
        release(arguments);
        int target = doubles.allocate();
        instructions.add(new Instruction(Op.CALL, target, registers, function));
        operands.push(Operand.ofDouble(target));
    }

    /** Applies an operation to the operands on top of the stack; CHOOSE_D stands for both kinds of choice. */
    void apply(int op) {
        switch (op) {
            case Op.NEGATE -> {
                Operand operand = withDouble(operands.pop());
                pushDouble(op, new int[] {operand.asDouble}, operand);
            }
            case Op.BIT_NOT -> {
                Operand operand = withLong(operands.pop());
                operands.push(Operand.ofLong(emitLong(op, new int[] {operand.asLong}, operand)));
            }
            case Op.NOT -> {
                Operand operand = withInt(operands.pop());
                operands.push(Operand.ofTruth(emitLong(op, new int[] {operand.asInt}, operand)));
            }
            case Op.CHOOSE_D -> choose();
            default -> applyBinary(op);
        }
    }

    private void applyBinary(int op) {
        Operand right = operands.pop();
        Operand left = operands.pop();
        switch (op) {
            case Op.ADD, Op.SUBTRACT, Op.MULTIPLY, Op.DIVIDE, Op.REMAINDER -> {
                left = withDouble(left);
                right = withDouble(right);
                if (op == Op.ADD && isProduct(right)) {
                    addProduct(left, right);
                    return;
                }
                pushDouble(op, new int[] {left.asDouble, right.asDouble}, left, right);
            }
            case Op.LESS, Op.LESS_OR_EQUAL, Op.GREATER, Op.GREATER_OR_EQUAL, Op.EQUAL, Op.NOT_EQUAL -> {
                left = withDouble(left);
                right = withDouble(right);
                int[] registers = {left.asDouble, right.asDouble};
                operands.push(Operand.ofTruth(emitLong(op, registers, left, right)));
            }
            case Op.AND, Op.OR -> {
                left = withInt(left);
                right = withInt(right);
                operands.push(Operand.ofTruth(emitLong(op, new int[] {left.asInt, right.asInt}, left, right)));
            }
            case Op.BIT_AND, Op.BIT_OR, Op.BIT_XOR -> {
                left = withLong(left);
                right = withLong(right);
                operands.push(Operand.ofLong(emitLong(op, new int[] {left.asLong, right.asLong}, left, right)));
            }
            case Op.SHIFT_LEFT, Op.SHIFT_RIGHT, Op.SHIFT_RIGHT_UNSIGNED -> {
                left = withLong(left);
                right = withInt(right);
                operands.push(Operand.ofLong(emitLong(op, new int[] {left.asLong, right.asInt}, left, right)));
            }
            default -> throw new IllegalArgumentException("[" + op + "] is not between two operands");
        }
    }

    private boolean isProduct(Operand operand) {
        Instruction last = instructions.isEmpty() ? null : instructions.getLast();
        return last != null && last.op() == Op.MULTIPLY && last.target() == operand.asDouble;
    }

    /** One instruction instead of two, with the same two roundings: sums of products are the longest expressions. */
    private void addProduct(Operand left, Operand product) {
        int[] factors = instructions.removeLast().operands();
        pushDouble(Op.MULTIPLY_ADD, new int[] {factors[0], factors[1], left.asDouble}, left, product);
    }

    /** Both values are computed, and one is chosen. */
    private void choose() {
        Operand otherwise = operands.pop();
        Operand then = operands.pop();
        Operand condition = withInt(operands.pop());
        boolean allDouble = then.isDouble() && otherwise.isDouble();
        boolean allLong = then.isLong() && otherwise.isLong();
        boolean allInt = allLong && then.asInt != NONE && otherwise.asInt != NONE;
        if (allDouble == false && allLong == false) {
            // What the operation around it needs is not known yet. Each type is converted from the value that is chosen.
            then = withDouble(withLong(withInt(then)));
            otherwise = withDouble(withLong(withInt(otherwise)));
            allDouble = true;
            allLong = true;
            allInt = true;
        }
        int asDouble = allDouble ? doubles.allocate() : NONE;
        int asLong = allLong ? longs.allocate() : NONE;
        int asInt = allInt ? longs.allocate() : NONE;
        choose(Op.CHOOSE_D, asDouble, condition, then.asDouble, otherwise.asDouble);
        choose(Op.CHOOSE_L, asLong, condition, then.asLong, otherwise.asLong);
        choose(Op.CHOOSE_L, asInt, condition, then.asInt, otherwise.asInt);
        release(condition, then, otherwise);
        operands.push(new Operand(asDouble, asLong, asInt));
    }

    private void choose(int op, int target, Operand condition, int then, int otherwise) {
        if (target != NONE) {
            instructions.add(new Instruction(op, target, new int[] {condition.asInt, then, otherwise}, null));
        }
    }

    private Operand withDouble(Operand operand) {
        if (operand.asDouble != NONE) {
            return operand;
        }
        int target = doubles.allocate();
        instructions.add(new Instruction(Op.L_TO_DOUBLE, target, new int[] {operand.asLong}, null));
        return new Operand(target, operand.asLong, operand.asInt);
    }

    private Operand withLong(Operand operand) {
        return operand.asLong != NONE
                ? operand
                : new Operand(operand.asDouble, convert(Op.D_TO_LONG, operand.asDouble), operand.asInt);
    }

    /** Call it before the other conversions: from double and from 64 bits, other bits stay. */
    private Operand withInt(Operand operand) {
        if (operand.asInt != NONE) {
            return operand;
        }
        int target = operand.asLong != NONE
                ? convert(Op.L_TO_INT, operand.asLong)
                : convert(Op.D_TO_INT, operand.asDouble);
        return new Operand(operand.asDouble, operand.asLong, target);
    }

    private int convert(int op, int register) {
        return emitLong(op, new int[] {register}); // the operand stays in use
    }

    private void pushDouble(int op, int[] registers, Operand... used) {
        release(used);
        int target = doubles.allocate();
        instructions.add(new Instruction(op, target, registers, null));
        operands.push(Operand.ofDouble(target));
    }

    private int emitLong(int op, int[] registers, Operand... used) {
        release(used);
        int target = longs.allocate();
        instructions.add(new Instruction(op, target, registers, null));
        return target;
    }

    private void release(Operand... used) {
        for (Operand operand : used) {
            doubles.release(operand.asDouble);
            longs.release(operand.asLong);
            if (operand.asInt != operand.asLong) {
                longs.release(operand.asInt);
            }
        }
    }

    Expression toExpression(String text) {
        int result = withDouble(operands.pop()).asDouble;
        return new Expression(
                text,
                variables,
                instructions,
                doubles.initial.stream().mapToDouble(Double::doubleValue).toArray(),
                longs.initial.stream().mapToLong(Long::longValue).toArray(),
                result);
    }
}
