package org.ltrplugin.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.ltrplugin.engine.Expression.Op;
import org.ltrplugin.engine.ExpressionLexer.Token;

/**
 * Compiles the text of an expression. It keeps the operators that wait for their right operand on a stack of its own, so
 * no nesting can overflow the stack of the thread.
 */
final class ExpressionCompiler {
    private static final int UNARY = 12;
    private static final int CONDITIONAL = 1;

    /** Below all operators: what only a closing token removes. */
    private static final int OPEN = 0;

    private static final int NO_OPERATION = -1;

    private static final Map<String, Integer> UNARY_OPERATORS =
            Map.of("!", Op.NOT, "~", Op.BIT_NOT, "-", Op.NEGATE);

    /** An operator between two operands: those of higher precedence are computed first. */
    private record Binary(int precedence, int op) {}

    private static final Map<String, Binary> BINARY_OPERATORS = Map.ofEntries(
            Map.entry("*", new Binary(11, Op.MULTIPLY)),
            Map.entry("/", new Binary(11, Op.DIVIDE)),
            Map.entry("%", new Binary(11, Op.REMAINDER)),
            Map.entry("+", new Binary(10, Op.ADD)),
            Map.entry("-", new Binary(10, Op.SUBTRACT)),
            Map.entry("<<", new Binary(9, Op.SHIFT_LEFT)),
            Map.entry(">>", new Binary(9, Op.SHIFT_RIGHT)),
            Map.entry(">>>", new Binary(9, Op.SHIFT_RIGHT_UNSIGNED)),
            Map.entry("<", new Binary(8, Op.LESS)),
            Map.entry("<=", new Binary(8, Op.LESS_OR_EQUAL)),
            Map.entry(">", new Binary(8, Op.GREATER)),
            Map.entry(">=", new Binary(8, Op.GREATER_OR_EQUAL)),
            Map.entry("==", new Binary(7, Op.EQUAL)),
            Map.entry("!=", new Binary(7, Op.NOT_EQUAL)),
            Map.entry("&", new Binary(6, Op.BIT_AND)),
            Map.entry("^", new Binary(5, Op.BIT_XOR)),
            Map.entry("|", new Binary(4, Op.BIT_OR)),
            Map.entry("&&", new Binary(3, Op.AND)),
            Map.entry("||", new Binary(2, Op.OR)));

    /** An operator, an opening token or a call that waits on the stack. */
    private static final class Pending {
        private final String symbol;
        private final int precedence;

        private final int op;

        @Nullable
        private final ExpressionFunction function;

        private int arguments = 1;

        Pending(String symbol, int precedence, int op, @Nullable ExpressionFunction function) {
            this.symbol = symbol;
            this.precedence = precedence;
            this.op = op;
            this.function = function;
        }

        static Pending open(String symbol) {
            return new Pending(symbol, OPEN, NO_OPERATION, null);
        }
    }

    private final String text;
    private final ExpressionLexer lexer;
    private final InstructionList instructions = new InstructionList();
    private final Deque<Pending> pending = new ArrayDeque<>();

    ExpressionCompiler(String text) {
        this.text = text;
        this.lexer = new ExpressionLexer(text);
    }

    /** Throws IllegalArgumentException when the text is not a valid expression. */
    Expression compile() {
        Token token = lexer.next();
        boolean complete = false;
        while (token.kind() != Token.Kind.END) {
            complete = complete ? afterOperand(token) : beforeOperand(token);
            token = lexer.next();
        }
        if (complete == false) {
            throw lexer.unexpected(token);
        }
        applyAbove(OPEN);
        if (pending.isEmpty() == false) {
            throw lexer.unexpected(token);
        }
        return instructions.toExpression(text);
    }

    /** Takes a token where an operand must begin. Returns whether the operand is complete. */
    private boolean beforeOperand(Token token) {
        switch (token.kind()) {
            case INTEGER -> {
                instructions.pushInteger(token.integer());
                return true;
            }
            case DECIMAL -> {
                instructions.pushNumber(Double.parseDouble(token.text()));
                return true;
            }
            case NAME -> {
                return variableOrCall(token);
            }
            default -> {
                if (token.text().equals("(")) {
                    pending.push(Pending.open("("));
                } else if (UNARY_OPERATORS.containsKey(token.text())) {
                    pending.push(new Pending(token.text(), UNARY, UNARY_OPERATORS.get(token.text()), null));
                } else if (token.text().equals("+") == false) { // a sign without effect
                    throw lexer.unexpected(token);
                }
                return false;
            }
        }
    }

    private boolean variableOrCall(Token name) {
        if (lexer.skip("(") == false) {
            instructions.pushVariable(name.text());
            return true;
        }
        ExpressionFunction function = ExpressionFunction.BY_NAME.get(name.text());
        boolean empty = lexer.skip(")");
        if (function == null) {
            // As in Lucene, the name of a variable can be a path that ends in a call without arguments.
            if (empty && name.text().contains(".")) {
                instructions.pushVariable(name.text() + "()");
                return true;
            }
            throw new IllegalArgumentException("there is no function [" + name.text() + "]");
        }
        if (empty) {
            throw wrongArity(name.text(), function, 0);
        }
        pending.push(new Pending(name.text(), OPEN, NO_OPERATION, function));
        return false;
    }

    /** Takes a token after a complete operand. Returns whether that operand is still complete. */
    private boolean afterOperand(Token token) {
        Binary binary = BINARY_OPERATORS.get(token.text());
        if (binary != null) {
            applyAbove(binary.precedence - 1);
            pending.push(new Pending(token.text(), binary.precedence, binary.op, null));
            return false;
        }
        switch (token.text()) {
            case "?" -> {
                applyAbove(CONDITIONAL); // from right to left: a conditional waits for those on its right
                pending.push(Pending.open("?"));
                return false;
            }
            case ":" -> {
                close(token, "?");
                pending.push(new Pending(":", CONDITIONAL, Op.CHOOSE_D, null));
                return false;
            }
            case "," -> {
                applyAbove(OPEN);
                if (pending.isEmpty() || pending.peek().function == null) {
                    throw lexer.unexpected(token);
                }
                pending.peek().arguments++;
                return false;
            }
            case ")" -> {
                applyAbove(OPEN);
                Pending open = pending.poll();
                if (open == null || open.symbol.equals("?")) {
                    throw lexer.unexpected(token);
                }
                if (open.function != null) {
                    call(open);
                }
                return true;
            }
            default -> throw lexer.unexpected(token);
        }
    }

    private void close(Token token, String symbol) {
        applyAbove(OPEN);
        Pending open = pending.poll();
        if (open == null || open.symbol.equals(symbol) == false || open.function != null) {
            throw lexer.unexpected(token);
        }
    }

    private void call(Pending call) {
        if (call.arguments != call.function.arity()) {
            throw wrongArity(call.symbol, call.function, call.arguments);
        }
        instructions.call(call.function);
    }

    private static IllegalArgumentException wrongArity(String name, ExpressionFunction function, int arguments) {
        return new IllegalArgumentException(
                "function [" + name + "] takes " + function.arity() + " arguments, but has " + arguments);
    }

    /** Applies the operators on top of the stack whose precedence is above a given one. */
    private void applyAbove(int precedence) {
        while (pending.isEmpty() == false && pending.peek().precedence > precedence) {
            instructions.apply(pending.pop().op);
        }
    }
}
