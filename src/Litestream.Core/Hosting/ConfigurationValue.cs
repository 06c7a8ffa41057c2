using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Litestream.Hosting;

/// <summary>
/// One value of the configuration, read strictly. Each method returns what is configured, or reports why that cannot
/// be and returns what was there before.
/// </summary>
internal readonly struct ConfigurationValue(IConfigurationSection section, ConfigurationErrors errors)
{
    public string Text(string current) => TryGetText(out var text) ? text : current;

    /// <summary>Text where nothing is a choice: null or empty takes the default.</summary>
    public string? OptionalText(string? current)
    {
        if (string.IsNullOrEmpty(section.Value) && !section.GetChildren().Any())
        {
            return null;
        }

        return TryGetText(out var text) ? text : current;
    }

    public TimeSpan Duration(TimeSpan current)
    {
        if (!TryGetText(out var text))
        {
            return current;
        }

        if (DurationText.TryParse(text, out var duration, out var problem))
        {
            return duration;
        }

        errors.Add(section.Path, problem);
        return current;
    }

    /// <summary>A duration, or <c>off</c> for none.</summary>
    public TimeSpan? OptionalDuration(TimeSpan? current)
    {
        if (!TryGetText(out var text))
        {
            return current;
        }

        if (text.Trim().Equals("off", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (DurationText.TryParse(text, out var duration, out var problem))
        {
            return duration;
        }

        errors.Add(section.Path, $"{problem}, or off");
        return current;
    }

    public long Size(long current)
    {
        if (!TryGetText(out var text))
        {
            return current;
        }

        if (SizeText.TryParse(text, out var bytes, out var problem))
        {
            return bytes;
        }

        errors.Add(section.Path, problem);
        return current;
    }

    public int Count(int current)
    {
        if (!TryGetText(out var text))
        {
            return current;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count))
        {
            return count;
        }

        errors.Add(section.Path, $"'{text}' is not a whole number, written with digits only");
        return current;
    }

    public bool Flag(bool current)
    {
        if (!TryGetText(out var text))
        {
            return current;
        }

        if (bool.TryParse(text, out var flag))
        {
            return flag;
        }

        errors.Add(section.Path, $"'{text}' is neither true nor false");
        return current;
    }

    public T Choice<T>(T current)
        where T : struct, Enum
    {
        if (!TryGetText(out var text))
        {
            return current;
        }

        // By name only: Enum.TryParse would take any number as well.
        foreach (var name in Enum.GetNames<T>())
        {
            if (name.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return Enum.Parse<T>(name);
            }
        }

        errors.Add(section.Path, $"'{text}' is not one of {string.Join(", ", Enum.GetNames<T>())}");
        return current;
    }

    private bool TryGetText(out string text)
    {
        text = section.Value ?? "";
        if (section.GetChildren().Any())
        {
            errors.Add(section.Path, "is a single value, not a section or a list");
            return false;
        }

        if (text.Length == 0)
        {
            errors.Add(section.Path, "has no value; remove the key to get the default");
            return false;
        }

        return true;
    }
}
