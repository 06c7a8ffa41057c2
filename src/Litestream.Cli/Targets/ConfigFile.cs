using Litestream.Cli.Output;
using Litestream.Yaml;
using Microsoft.Extensions.Options;

namespace Litestream.Cli.Targets;

/// <summary>Finds and reads litestream.yml: by flag, by <c>LITESTREAM_CONFIG</c>, or where Litestream has it.</summary>
internal static class ConfigFile
{
    public const string Variable = "LITESTREAM_CONFIG";

    public static string DefaultPath { get; } = OperatingSystem.IsWindows()
        ? Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "Litestream", "litestream.yml")
        : "/etc/litestream.yml";

    /// <summary>Reads the file and says on the screen what there is to say about it.</summary>
    /// <exception cref="ToolException">It is not there, or cannot be used.</exception>
    public static YamlFile Read(string? flag, bool expandEnvironment, Screen screen)
    {
        var path = FindPath(flag);
        YamlFile file;
        try
        {
            file = YamlReader.Read(path, expandEnvironment);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ToolException(
                $"config file not found: {path}",
                $"name one with -config PATH or in {Variable}, or give a replica URL such as s3://bucket/path or file:///folder instead of a database",
                exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"the config file cannot be read: {exception.Message}", innerException: exception);
        }
        catch (OptionsValidationException exception)
        {
            throw Invalid(exception);
        }

        foreach (var warning in file.Warnings)
        {
            screen.Warn(warning);
        }

        return file;
    }

    public static string FindPath(string? flag) => Path.GetFullPath(Expand(
        !string.IsNullOrEmpty(flag) ? flag
        : Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } variable ? variable
        : DefaultPath));

    public static ToolException Invalid(OptionsValidationException exception) => new(
        string.Join(Environment.NewLine, exception.Failures), "mend the file; all that was found is listed above", exception);

    /// <summary>The full path of a database, with <c>~</c> as home.</summary>
    public static string FullPath(string path) => Path.GetFullPath(Expand(path));

    private static string Expand(string path) =>
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
            ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..]
            : path;
}
