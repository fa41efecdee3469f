package org.ltrplugin.engine;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Splits the text of an expression into tokens, as the lexer of Lucene's expressions does. */
final class ExpressionLexer {
    /**
     * A token.
     *
     * @param offset where it begins in the text
     */
    record Token(Kind kind, String text, int offset) {
        enum Kind {
            NAME,
            /** Octal or hexadecimal. */
            INTEGER,
            DECIMAL,
            SYMBOL,
            END
        }

        /** The value of an INTEGER. Throws IllegalArgumentException when it does not fit into 64 bits. */
        long integer() {
            boolean hexadecimal = text.startsWith("0x") || text.startsWith("0X");
            return Long.parseLong(text.substring(hexadecimal ? 2 : 1), hexadecimal ? 16 : 8);
        }
    }

    private static final Pattern SPACE = Pattern.compile("[ \\t\\r\\n]*+");

    // The quantifiers are possessive: the groups of others recurse, and a long text would overflow the stack.
    private static final String KEY = "\\[(?:'(?:\\\\['\\\\]|[^\\\\'])*+'|\"(?:\\\\[\"\\\\]|[^\\\\\"])*+\"|0|[1-9][0-9]*+)\\]";
    private static final String PART = "[_$a-zA-Z][_$a-zA-Z0-9]*+(?:" + KEY + ")*+";
    private static final Pattern NAME = Pattern.compile(PART + "(?:\\." + PART + ")*+");
    private static final Pattern INTEGER = Pattern.compile("0[xX][0-9a-fA-F]++|0[0-7]++");
    private static final Pattern DECIMAL =
            Pattern.compile("(?:(?:0|[1-9][0-9]*+)(?:\\.[0-9]*+)?+|\\.[0-9]++)(?:[eE][+-]?[0-9]++)?+");
    private static final Pattern SYMBOL =
            Pattern.compile(">>>|<<|>>|<=|>=|==|!=|&&|\\|\\||[()?:,!~*/%+\\-<>&^|]");

    private final String text;
    private int position;

    ExpressionLexer(String text) {
        this.text = text;
    }

    /** The next token; END at the end of the text. Throws IllegalArgumentException when there is no token. */
    Token next() {
        position = end(SPACE, position);
        if (position == text.length()) {
            return new Token(Token.Kind.END, "", position);
        }
        int name = end(NAME, position);
        if (name > position) {
            String spelled = text.substring(position, name);
            return token(Token.Kind.NAME, name, spelled.indexOf('"') < 0 ? spelled : singleQuoted(spelled));
        }
        int integer = end(INTEGER, position);
        int decimal = end(DECIMAL, position);
        if (Math.max(integer, decimal) > position) {
            return integer > decimal ? token(Token.Kind.INTEGER, integer) : token(Token.Kind.DECIMAL, decimal);
        }
        int symbol = end(SYMBOL, position);
        if (symbol == position) {
            throw unexpected(new Token(Token.Kind.SYMBOL, text.substring(position, position + 1), position));
        }
        return token(Token.Kind.SYMBOL, symbol);
    }

    /** Consumes the next token if it is this symbol, and returns whether it was. */
    boolean skip(String symbol) {
        int start = end(SPACE, position);
        if (text.startsWith(symbol, start)) {
            position = start + symbol.length();
            return true;
        }
        return false;
    }

    IllegalArgumentException unexpected(Token token) {
        return new IllegalArgumentException(
                token.kind() == Token.Kind.END
                        ? "unexpected end of the expression"
                        : "unexpected [" + token.text() + "] at offset [" + token.offset() + "]");
    }

    private Token token(Token.Kind kind, int end) {
        return token(kind, end, text.substring(position, end));
    }

    private Token token(Token.Kind kind, int end, String content) {
        Token token = new Token(kind, content, position);
        position = end;
        return token;
    }

    /** The end of the match that begins at the position; the position itself when there is none. */
    private int end(Pattern pattern, int start) {
        Matcher matcher = pattern.matcher(text).region(start, text.length());
        return matcher.lookingAt() ? matcher.end() : start;
    }

    /** A name in which all keys have single quotes: variables are equal whichever quotes are used. */
    private static String singleQuoted(String name) {
        StringBuilder out = new StringBuilder(name.length());
        char quote = 0;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '\\') {
                char escaped = name.charAt(++i);
                out.append(escaped == '"' ? "\"" : "\\" + escaped);
            } else if (quote == 0 && (c == '\'' || c == '"')) {
                quote = c;
                out.append('\'');
            } else if (c == quote) {
                quote = 0;
                out.append('\'');
            } else {
                out.append(c == '\'' ? "\\'" : c);
            }
        }
        return out.toString();
    }
}
