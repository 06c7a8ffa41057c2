using System.Text.RegularExpressions;
using Litestream.Testing;

namespace Litestream;

/// <summary>
/// Which room of Core may know which other: read from the source files, so that a wrong dependency fails where it is
/// written, also one that the compiler could do without.
/// </summary>
public sealed partial class ArchitectureTests
{
    /// <summary>Diagnostics is every room's: it holds the log messages, which name what they report.</summary>
    private static readonly Dictionary<string, string[]> AllowedRooms = new(StringComparer.Ordinal)
    {
        ["Wal"] = [],
        ["Sqlite"] = ["Wal"],
        ["Storage"] = ["Wal"],
        ["Shadow"] = ["Wal", "Sqlite", "Storage"],
        ["Restore"] = ["Storage", "Wal", "Sqlite"],
        ["Verification"] = ["Restore", "Replication", "Storage", "Shadow", "Wal"],
        ["Replication"] = ["Shadow", "Storage", "Sqlite", "Wal"],

        // Hosting puts everything together: it registers the folder store, and names a database as the Sqlite room does.
        ["Hosting"] = ["Replication", "Restore", "Verification", "Storage", "Sqlite"],
        ["Diagnostics"] = ["Wal", "Storage"],
    };

    /// <summary>The two loops, which are read from top to bottom: cut in two they would be harder to follow.</summary>
    private static readonly string[] LongFiles = ["WalSync.cs", "DatabaseReplicator.cs"];

    public static TheoryData<string> Rooms() => [.. AllowedRooms.Keys];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_knows_only_the_rooms_below_it(string room)
    {
        var allowed = AllowedRooms[room].Append(room).Append("Diagnostics").ToHashSet(StringComparer.Ordinal);

        var violations = SourceFiles(System.IO.Path.Combine("Litestream.Core", room))
            .SelectMany(file => RoomsNamedIn(file).Where(name => !allowed.Contains(name)).Select(name => $"{file} knows {name}"));

        violations.Should().BeEmpty();
    }

    [Fact]
    public void Every_folder_of_Core_is_a_room()
    {
        var folders = System.IO.Directory.GetDirectories(System.IO.Path.Combine(Repository.Combine("src"), "Litestream.Core"))
            .Select(System.IO.Path.GetFileName)
            .Except(["bin", "obj"]);

        folders.Should().BeSubsetOf(AllowedRooms.Keys);
    }

    /// <summary>S3 compiles the strict reading of configuration into itself; that is all.</summary>
    [Fact]
    public void The_contracts_and_the_packages_beside_Core_know_no_room_of_it()
    {
        var violations = new[] { "Litestream.Abstractions", "Litestream.S3", "Litestream.AspNetCore", "Litestream.EntityFrameworkCore" }.SelectMany(SourceFiles)
            .SelectMany(file => RoomsNamedIn(file)
                .Where(name => name != "Hosting" || file.Contains("Litestream.Abstractions", StringComparison.Ordinal))
                .Select(name => $"{file} knows {name}"));

        violations.Should().BeEmpty();
    }

    [Theory]
    [InlineData("Shadow", "Storage", "CommitTime AtomicFile")]
    [InlineData("Restore", "Sqlite", "DatabaseCheck")]
    public void Of_a_room_that_is_not_its_own_it_knows_a_few_things(string room, string other, string known)
    {
        var types = SourceFiles(System.IO.Path.Combine("Litestream.Core", other))
            .Select(file => System.IO.Path.GetFileNameWithoutExtension(file))
            .Except(known.Split(' '))
            .ToList();

        var violations = SourceFiles(System.IO.Path.Combine("Litestream.Core", room))
            .SelectMany(file => types
                .Where(type => Regex.IsMatch(CodeOf(file), $@"\b{type}\b"))
                .Select(type => $"{file} knows {type}"));

        violations.Should().BeEmpty();
    }

    [Fact]
    public void The_wal_room_knows_no_files_clock_or_log()
    {
        var forbidden = new[] { "System.IO", "Microsoft.Extensions", "SQLitePCL", "TimeProvider", "Stopwatch", "FileStream", "ILogger" };

        var violations = SourceFiles(System.IO.Path.Combine("Litestream.Core", "Wal"))
            .SelectMany(file => forbidden.Where(word => CodeOf(file).Contains(word, StringComparison.Ordinal)).Select(word => $"{file} knows {word}"));

        violations.Should().BeEmpty();
    }

    [Fact]
    public void Only_the_sqlite_room_talks_to_SQLite()
    {
        var violations = SourceFiles("Litestream.Core")
            .Where(file => !file.Replace('\\', '/').Contains("/Sqlite/", StringComparison.Ordinal))
            .Where(file => CodeOf(file).Contains("SQLitePCL", StringComparison.Ordinal));

        violations.Should().BeEmpty();
    }

    [Fact]
    public void A_source_file_has_less_than_300_lines()
    {
        var packages = new[]
        {
            "Litestream.Abstractions", "Litestream.Core", "Litestream.S3", "Litestream.AspNetCore", "Litestream.EntityFrameworkCore", "Litestream.Yaml", "Litestream.Cli",
        };

        var violations = packages.SelectMany(SourceFiles)
            .Where(file => File.ReadLines(file).Count() >= (LongFiles.Contains(System.IO.Path.GetFileName(file)) ? 400 : 300));

        violations.Should().BeEmpty();
    }

    private static IEnumerable<string> RoomsNamedIn(string file) =>
        RoomName().Matches(CodeOf(file)).Select(match => match.Groups[1].Value).Where(AllowedRooms.ContainsKey).Distinct();

    /// <summary>The file without comments, so that a documentation link is no dependency.</summary>
    private static string CodeOf(string file) => Comment().Replace(File.ReadAllText(file), "");

    private static IEnumerable<string> SourceFiles(string folder)
    {
        var path = System.IO.Path.Combine(Repository.Combine("src"), folder);
        return System.IO.Directory.Exists(path) ? System.IO.Directory.EnumerateFiles(path, "*.cs", SearchOption.AllDirectories) : [];
    }

    [GeneratedRegex(@"\bLitestream\.([A-Z]\w+)")]
    private static partial Regex RoomName();

    [GeneratedRegex("//.*")]
    private static partial Regex Comment();
}
