namespace Litestream.Hosting;

/// <summary>Tells a connection string from a path.</summary>
internal static class ConnectionString
{
    /// <summary>True for what Microsoft.Data.Sqlite would take as a connection string with a file in it.</summary>
    public static bool Looks(string text)
    {
        foreach (var pair in text.Split(';'))
        {
            var key = pair.Split('=', 2) is [var before, _] ? before.Replace(" ", "", StringComparison.Ordinal) : "";
            if (key.Equals("DataSource", StringComparison.OrdinalIgnoreCase) || key.Equals("Filename", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
