package org.ltrplugin.engine;

import java.util.Base64;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;

/** Writes the values of params as JSON: maps, lists, strings, numbers, booleans, bytes and null. */
final class JsonWriter {
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private final StringBuilder out = new StringBuilder();

    private JsonWriter() {}

    /** The JSON text of a value. Throws IllegalArgumentException when the value is of another type. */
    static String json(@Nullable Object value) {
        JsonWriter writer = new JsonWriter();
        writer.write(value);
        return writer.out.toString();
    }

    /** The text as it stands between the quotes of a JSON string. */
    static String escape(String text) {
        JsonWriter writer = new JsonWriter();
        writer.writeEscaped(text);
        return writer.out.toString();
    }

    private void write(@Nullable Object value) {
        switch (value) {
            case null -> out.append("null");
            case Number number -> out.append(number);
            case Boolean truth -> out.append(truth);
            case CharSequence text -> writeString(text.toString());
            case byte[] bytes -> writeString(Base64.getEncoder().encodeToString(bytes));
            case Map<?, ?> map -> writeMap(map);
            case Iterable<?> values -> writeList(values);
            default -> throw new IllegalArgumentException("cannot write a [" + value.getClass() + "] as JSON");
        }
    }

    private void writeMap(Map<?, ?> map) {
        out.append('{');
        Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<?, ?> entry = entries.next();
            writeString(String.valueOf(entry.getKey()));
            out.append(':');
            write(entry.getValue());
            separate(entries);
        }
        out.append('}');
    }

    private void writeList(Iterable<?> list) {
        out.append('[');
        Iterator<?> values = list.iterator();
        while (values.hasNext()) {
            write(values.next());
            separate(values);
        }
        out.append(']');
    }

    private void separate(Iterator<?> rest) {
        if (rest.hasNext()) {
            out.append(',');
        }
    }

    private void writeString(String text) {
        out.append('"');
        writeEscaped(text);
        out.append('"');
    }

    private void writeEscaped(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\b' -> out.append("\\b");
                case '\t' -> out.append("\\t");
                case '\n' -> out.append("\\n");
                case '\f' -> out.append("\\f");
                case '\r' -> out.append("\\r");
                default -> {
                    if (c < ' ') {
                        out.append("\\u").append(HEX.toHexDigits(c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
    }
}
