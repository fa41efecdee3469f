package org.ltrplugin.engine;

import com.github.mustachejava.Code;
import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.MustacheException;
import com.github.mustachejava.TemplateContext;
import com.github.mustachejava.codes.IterableCode;
import com.github.mustachejava.codes.WriteCode;
import java.io.IOException;
import java.io.StringWriter;
import java.io.Writer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A section that applies a function: {@code toJson} and {@code join} to the variable that the section names, {@code
 * url} to the text that the section renders.
 */
abstract class MustacheFunction extends IterableCode {
    private static final Pattern JOIN = Pattern.compile("join(?:\\s+delimiter='(.*)')?");

    private MustacheFunction(DefaultMustacheFactory factory, TemplateContext context, Mustache inner, String variable) {
        super(context, factory, inner, variable);
    }

    /** The function with this name. Null when the name is that of an ordinary section. */
    @Nullable
    static MustacheFunction of(String name, DefaultMustacheFactory factory, TemplateContext context, Mustache inner) {
        if (name.trim().equals("toJson")) {
            return new ToJson(factory, context, inner);
        }
        if (name.trim().equals("url")) {
            return new Url(factory, context, inner);
        }
        Matcher join = JOIN.matcher(name.trim());
        return join.matches() ? new Join(factory, context, inner, join.group(1) == null ? "," : join.group(1)) : null;
    }

    /** The text that the function writes, or null for none. */
    @Nullable
    abstract String apply(Writer writer, List<Object> scopes) throws IOException;

    @Override
    public Writer execute(Writer writer, List<Object> scopes) {
        try {
            String text = apply(writer, scopes);
            if (text != null) {
                writer.write(text);
            }
        } catch (IOException e) {
            throw new MustacheException("cannot apply the function [" + getName() + "]", e, tc);
        }
        return appendText(writer);
    }

    /** The name of the one variable that the section consists of. */
    private static String variable(String function, Mustache inner, TemplateContext context) {
        Code[] codes = inner.getCodes();
        if (codes == null || codes.length != 1 || codes[0] instanceof WriteCode == false) {
            throw new MustacheException("function [" + function + "] must contain the name of one variable", context);
        }
        StringWriter name = new StringWriter();
        codes[0].identity(name);
        return name.toString().trim();
    }

    private static final class ToJson extends MustacheFunction {
        ToJson(DefaultMustacheFactory factory, TemplateContext context, Mustache inner) {
            super(factory, context, inner, variable("toJson", inner, context));
        }

        @Override
        String apply(Writer writer, List<Object> scopes) {
            Object value = ParamObjectHandler.unwrap(get(scopes));
            if (value instanceof Iterable || value instanceof Map) {
                return JsonWriter.json(value);
            }
            return value == null ? null : oh.stringify(value);
        }
    }

    private static final class Join extends MustacheFunction {
        private final String delimiter;

        Join(DefaultMustacheFactory factory, TemplateContext context, Mustache inner, String delimiter) {
            super(factory, context, inner, variable("join", inner, context));
            this.delimiter = delimiter;
        }

        @Override
        String apply(Writer writer, List<Object> scopes) {
            Object value = ParamObjectHandler.unwrap(get(scopes));
            if (value instanceof Iterable<?> values) {
                StringJoiner joiner = new StringJoiner(delimiter);
                values.forEach(element -> joiner.add(oh.stringify(element)));
                return joiner.toString();
            }
            return value == null ? null : oh.stringify(value);
        }
    }

    private static final class Url extends MustacheFunction {
        Url(DefaultMustacheFactory factory, TemplateContext context, Mustache inner) {
            super(factory, context, inner, "url");
        }

        @Override
        String apply(Writer writer, List<Object> scopes) throws IOException {
            LimitedWriter rendered = new LimitedWriter(writer);
            run(rendered, scopes).flush();
            return URLEncoder.encode(rendered.toString(), StandardCharsets.UTF_8);
        }
    }
}
