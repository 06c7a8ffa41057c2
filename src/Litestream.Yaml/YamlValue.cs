using System.Globalization;
using Litestream.Hosting;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Litestream.Yaml;

/// <summary>One value of the file, read as Go's YAML reads it; what cannot be read is an error with its line, and null.</summary>
internal readonly struct YamlValue(string key, YamlNode node, YamlReport report)
{
    // Shorter, and nobody meant nanoseconds.
    private const long ShortestMeant = 1_000_000;

    public string Key => key;

    public long Line => node.Start.Line;

    public YamlReport Report => report;

    public YamlNode Node => node;

    /// <summary>Null, <c>~</c> or nothing at all: as if the key were not there.</summary>
    public bool IsNothing => node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" or "Null" or "NULL" };

    public string? Text()
    {
        if (IsNothing)
        {
            return null;
        }

        if (node is YamlScalarNode scalar)
        {
            return scalar.Value;
        }

        report.Fail(Line, $"{key} is a single value, not a section or a list");
        return null;
    }

    /// <summary>Go's durations. A bare number is nanoseconds there, which hardly anybody means.</summary>
    public TimeSpan? Duration()
    {
        if (Text() is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var nanoseconds) && nanoseconds != 0)
        {
            if (Math.Abs(nanoseconds) < ShortestMeant)
            {
                report.Warn(Line, $"{key}: {text} has no unit; write {text}s, {text}m or {text}h. Litestream reads it as {text} nanoseconds, which cannot be meant: the default is used");
                return null;
            }

            var duration = TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
            report.Warn(Line, $"{key}: {text} has no unit and is read as nanoseconds, as Litestream does, which is {duration}; write a unit");
            return duration;
        }

        if (DurationText.TryParse(text, out var parsed, out var problem))
        {
            return parsed;
        }

        report.Fail(Line, $"{key}: {problem}");
        return null;
    }

    public int? Count()
    {
        if (Text() is not { } text)
        {
            return null;
        }

        if (int.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count))
        {
            return count;
        }

        report.Fail(Line, $"{key}: '{text}' is not a whole number");
        return null;
    }

    /// <summary>YAML 1.1's words.</summary>
    public bool? Flag()
    {
        if (Text() is not { } text)
        {
            return null;
        }

        switch (text.ToLowerInvariant())
        {
            case "true" or "yes" or "on" or "y":
                return true;
            case "false" or "no" or "off" or "n":
                return false;
            default:
                report.Fail(Line, $"{key}: '{text}' is neither true nor false");
                return null;
        }
    }

    public string? Choice(params ReadOnlySpan<string> choices)
    {
        if (Text() is not { } text)
        {
            return null;
        }

        foreach (var choice in choices)
        {
            if (choice.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return choice;
            }
        }

        report.Warn(Line, $"{key}: '{text}' is not one of {string.Join(", ", choices)}; the default is used");
        return null;
    }

    /// <summary>The entries of a list, each a section.</summary>
    public IEnumerable<YamlSection> Sections()
    {
        if (IsNothing)
        {
            return [];
        }

        if (node is not YamlSequenceNode list)
        {
            report.Fail(Line, $"{key} is a list: its entries begin with '-'");
            return [];
        }

        var report_ = report;
        var name = key;
        return list.Children.Select(child => new YamlSection(name, child, report_));
    }

    public YamlSection Section() => new(key, node, report);
}
