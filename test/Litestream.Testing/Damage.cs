using System.Globalization;

namespace Litestream.Testing;

/// <summary>Bytes of a file that somebody overwrites, in another process: it may be a database that is open in this one.</summary>
public static class Damage
{
    public static async Task OverwriteAsync(string path, long offset, byte[] bytes)
    {
        var command = ChildProcess.AppCommand(
            "Litestream.TestApp", "overwrite", path, offset.ToString(CultureInfo.InvariantCulture), Convert.ToHexString(bytes));
        var (exitCode, output) = await ChildProcess.RunAsync(TimeSpan.FromMinutes(1), command[0], command[1..]);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"{path} was not overwritten:\n{output}");
        }
    }
}
