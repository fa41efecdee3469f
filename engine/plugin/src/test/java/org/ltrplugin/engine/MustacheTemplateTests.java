package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Variables, sections and functions of templates. */
class MustacheTemplateTests {
    private static String render(String template, Map<String, Object> params) {
        return MustacheTemplate.compile(template).render(params);
    }

    static Stream<Arguments> templates() {
        List<String> list = List.of("a", "b");
        return Stream.of(
                // variables
                arguments("{{x}}", Map.of("x", "a \"b\" \\ \n"), "a \\\"b\\\" \\\\ \\n"),
                arguments("{{{x}}}", Map.of("x", "\"raw\""), "\"raw\""),
                arguments("[{{x}}]", Map.of(), "[]"),
                arguments("[{{x}}]", Collections.singletonMap("x", null), "[]"),
                arguments("{{x}} {{y}}", Map.of("x", 1.5, "y", true), "1.5 true"),
                arguments("{{x.y}}", Map.of("x", Map.of("y", 2)), "2"),
                arguments("{{l.1}} {{l.size}}", Map.of("l", list), "b 2"),
                arguments("[{{l.2}}{{l.-1}}{{l.x}}]", Map.of("l", list), "[]"),
                arguments("[{{s.length}}{{s.class}}{{s.bytes}}]", Map.of("s", "text"), "[]"),
                // sections
                arguments("{{#l}}<{{.}}>{{/l}}{{^l}}none{{/l}}", Map.of("l", list), "<a><b>"),
                arguments("{{#l}}<{{.}}>{{/l}}{{^l}}none{{/l}}", Map.of("l", List.of()), "none"),
                arguments("{{#b}}yes{{/b}}{{^b}}no{{/b}}", Map.of("b", false), "no"),
                arguments("{{#m}}{{k}}{{o}}{{/m}}", Map.of("m", Map.of("k", "in"), "o", "out"), "inout"),
                // toJson
                arguments("{{#toJson}}l{{/toJson}}", Map.of("l", Arrays.asList("a\"", 1, null)), "[\"a\\\"\",1,null]"),
                arguments("{{#toJson}}m{{/toJson}}", Map.of("m", Map.of("k", list)), "{\"k\":[\"a\",\"b\"]}"),
                arguments("{{#toJson}}m.k{{/toJson}}", Map.of("m", Map.of("k", list)), "[\"a\",\"b\"]"),
                arguments("{{#toJson}}l.1{{/toJson}}", Map.of("l", List.of(1, list)), "[\"a\",\"b\"]"),
                arguments("{{#toJson}}x{{/toJson}}", Map.of("x", 3), "3"),
                arguments("[{{#toJson}}x{{/toJson}}]", Map.of(), "[]"),
                // join
                arguments("{{#join}}l{{/join}}", Map.of("l", List.of("a", 1, 2.5)), "a,1,2.5"),
                arguments("{{#join delimiter='|'}}l{{/join delimiter='|'}}", Map.of("l", list), "a|b"),
                arguments("{{#join}}x{{/join}}", Map.of("x", "text"), "text"),
                arguments("[{{#join}}x{{/join}}]", Map.of(), "[]"),
                // url
                arguments("{{#url}}{{x}}/é{{/url}}", Map.of("x", "a b"), "a+b%2F%C3%A9"),
                arguments("{{#url}}{{#l}}{{.}}&{{/l}}{{/url}}", Map.of("l", list), "a%26b%26"));
    }

    @ParameterizedTest
    @MethodSource("templates")
    void rendering(String template, Map<String, Object> params, String expected) {
        assertEquals(expected, render(template, params));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{",
                "{{#a}}",
                "{{/a}}",
                "{{#a}}{{/b}}",
                "{{#toJson}}a b{{x}}{{/toJson}}",
                "{{#toJson}}{{x}}{{/toJson}}",
                "{{#join}}{{/join}}"
            })
    void invalidTemplates(String template) {
        Exception failure = assertThrows(IllegalArgumentException.class, () -> MustacheTemplate.compile(template));
        assertTrue(failure.getMessage().startsWith("a template does not compile: "), failure.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{> other}}", "{{>*other}}", "{{< other}}{{/other}}"})
    void partialsAreNotSupported(String template) {
        Exception failure = assertThrows(IllegalArgumentException.class, () -> MustacheTemplate.compile(template));
        assertTrue(failure.getMessage().contains("a feature cannot include other templates"), failure.getMessage());
    }

    @Test
    void ramBytesUsedGrowsWithTheTemplate() {
        assertTrue(MustacheTemplate.compile("{{a}}".repeat(1_000)).ramBytesUsed() > 200_000);
    }
}
