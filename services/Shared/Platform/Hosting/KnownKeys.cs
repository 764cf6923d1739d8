using System.Collections;
using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Merpati.Platform.Hosting;

/// <summary>Finds keys that no option has, so that a misspelt key is an error and not a silent default.</summary>
internal static class KnownKeys
{
    /// <param name="sections">Section name to options type; the empty name is the top.</param>
    /// <exception cref="ConfigurationException">A key is unknown; the message names the nearest that is known.</exception>
    public static void Check(IConfiguration configuration, IReadOnlyDictionary<string, Type> sections)
    {
        foreach (var section in configuration.GetChildren())
        {
            if (sections.TryGetValue(section.Key, out var type)) Check(section, type);
            else if (Find(sections[""], section.Key) is { } property) CheckValue(section, property.PropertyType);
            else throw Unknown(section.Path, Names(sections[""]).Concat(sections.Keys.Where(name => name.Length > 0)));
        }
    }

    private static void Check(IConfigurationSection section, Type type)
    {
        if (section.Value is { Length: > 0 }) throw new ConfigurationException($"The configuration key '{section.Path}' is a section with the keys {string.Join(", ", Names(type))}.");
        foreach (var child in section.GetChildren())
        {
            var property = Find(type, child.Key) ?? throw Unknown(child.Path, Names(type));
            CheckValue(child, property.PropertyType);
        }
    }

    private static void CheckValue(IConfigurationSection section, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string) || type.IsPrimitive || type.IsEnum || type.IsValueType)
        {
            if (section.GetChildren().Any()) throw new ConfigurationException($"The configuration key '{section.Path}' takes one value, not a list or a section.");
            return;
        }
        if (typeof(IEnumerable).IsAssignableFrom(type))
        {
            if (section.Value is not null) throw new ConfigurationException($"The configuration key '{section.Path}' takes a list; write for example [{section.Value}].");
            var item = type.IsArray ? type.GetElementType()! : type.GetGenericArguments()[^1];
            foreach (var child in section.GetChildren())
            {
                if (type.IsArray || type.GetGenericArguments().Length == 1)
                {
                    if (!int.TryParse(child.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _)) throw new ConfigurationException($"The configuration key '{section.Path}' takes a list, and '{child.Key}' is no list item.");
                }
                CheckValue(child, item);
            }
            return;
        }
        Check(section, type);
    }

    private static System.Reflection.PropertyInfo? Find(Type type, string name)
        => type.GetProperties().FirstOrDefault(property => IsOption(property) && property.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<string> Names(Type type)
        => type.GetProperties().Where(IsOption).Select(property => char.ToLowerInvariant(property.Name[0]) + property.Name[1..]);

    /// <summary>A value that can be set, or a list that can be added to.</summary>
    private static bool IsOption(System.Reflection.PropertyInfo property)
        => property.CanWrite || property.PropertyType != typeof(string) && typeof(IEnumerable).IsAssignableFrom(property.PropertyType);

    private static ConfigurationException Unknown(string path, IEnumerable<string> known)
        => new($"The configuration key '{path}' is not known. Known here: {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
}
