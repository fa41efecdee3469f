package org.ltrplugin.testnode.names;

/** Jackson's class of this name: a module cannot see the node's Jackson. */
public final class JsonStringEncoder {
    private static final JsonStringEncoder INSTANCE = new JsonStringEncoder();
    private static final String ESCAPED = "\"\\\b\f\n\r\t";
    private static final String LETTERS = "\"\\bfnrt";

    private JsonStringEncoder() {}

    public static JsonStringEncoder getInstance() {
        return INSTANCE;
    }

    /** The text as it stands between the quotes of a JSON string. */
    public char[] quoteAsString(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 8);
        for (char one : text.toCharArray()) {
            int index = ESCAPED.indexOf(one);
            if (index >= 0) {
                quoted.append('\\').append(LETTERS.charAt(index));
            } else if (one < ' ') {
                quoted.append(String.format("\\u%04X", (int) one));
            } else {
                quoted.append(one);
            }
        }
        return quoted.toString().toCharArray();
    }
}
