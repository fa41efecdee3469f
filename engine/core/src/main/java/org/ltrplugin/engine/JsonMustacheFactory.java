package org.ltrplugin.engine;

import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.DefaultMustacheVisitor;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.MustacheException;
import com.github.mustachejava.MustacheVisitor;
import com.github.mustachejava.TemplateContext;
import java.io.IOException;
import java.io.Writer;

/**
 * The mustache dialect of OpenSearch search templates: values are escaped for JSON strings, the functions of {@link
 * MustacheFunction} are available, and partials are not.
 */
final class JsonMustacheFactory extends DefaultMustacheFactory {
    JsonMustacheFactory() {
        super(name -> null);
        setObjectHandler(new ParamObjectHandler());
    }

    @Override
    public void encode(String value, Writer writer) {
        try {
            writer.write(JsonWriter.escape(value));
        } catch (IOException e) {
            throw new MustacheException("cannot encode a value", e);
        }
    }

    @Override
    public MustacheVisitor createMustacheVisitor() {
        return new Visitor(this);
    }

    private static final class Visitor extends DefaultMustacheVisitor {
        private final JsonMustacheFactory factory;

        Visitor(JsonMustacheFactory factory) {
            super(factory);
            this.factory = factory;
        }

        @Override
        public void iterable(TemplateContext context, String variable, Mustache inner) {
            MustacheFunction function = MustacheFunction.of(variable, factory, context, inner);
            if (function != null) {
                list.add(function);
            } else {
                super.iterable(context, variable, inner);
            }
        }

        @Override
        public void partial(TemplateContext context, String variable, String indent) {
            throw partialNotSupported(context, variable);
        }

        @Override
        public void dynamicPartial(TemplateContext context, String variable, String indent) {
            throw partialNotSupported(context, variable);
        }

        @Override
        public void extend(TemplateContext context, String variable, Mustache inner) {
            throw partialNotSupported(context, variable);
        }

        private static MustacheException partialNotSupported(TemplateContext context, String variable) {
            return new MustacheException(
                    "partial [" + variable + "] is not supported: a feature cannot include other templates", context);
        }
    }
}
