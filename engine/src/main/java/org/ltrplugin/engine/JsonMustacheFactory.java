package org.ltrplugin.engine;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.DefaultMustacheVisitor;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.MustacheException;
import com.github.mustachejava.MustacheVisitor;
import com.github.mustachejava.TemplateContext;
import java.io.IOException;
import java.io.Writer;

/**
 * Mustache as OpenSearch speaks it: values are escaped for JSON strings, there are a few functions, and no partials.
 */
final class JsonMustacheFactory extends DefaultMustacheFactory {
    JsonMustacheFactory() {
        super(name -> null);
        setObjectHandler(new ParamObjectHandler());
    }

    @Override
    public void encode(String value, Writer writer) {
        try {
            writer.write(JsonStringEncoder.getInstance().quoteAsString(value));
        } catch (IOException e) {
            throw new MustacheException("cannot encode a value", e);
        }
    }

    @Override
    public MustacheVisitor createMustacheVisitor() {
        return new Visitor(this);
    }

    private static final class Visitor extends DefaultMustacheVisitor {
        private final JsonMustacheFactory dialect;

        Visitor(JsonMustacheFactory dialect) {
            super(dialect);
            this.dialect = dialect;
        }

        @Override
        public void iterable(TemplateContext context, String variable, Mustache inner) {
            MustacheFunction function = MustacheFunction.of(variable, dialect, context, inner);
            if (function != null) {
                list.add(function);
            } else {
                super.iterable(context, variable, inner);
            }
        }

        @Override
        public void partial(TemplateContext context, String variable, String indent) {
            throw noPartials(context, variable);
        }

        @Override
        public void dynamicPartial(TemplateContext context, String variable, String indent) {
            throw noPartials(context, variable);
        }

        @Override
        public void extend(TemplateContext context, String variable, Mustache inner) {
            throw noPartials(context, variable);
        }

        private static MustacheException noPartials(TemplateContext context, String variable) {
            return new MustacheException(
                    "partial [" + variable + "]: a feature cannot include other templates", context);
        }
    }
}
