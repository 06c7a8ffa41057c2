using Microsoft.EntityFrameworkCore;

namespace Litestream.Compare.Worker;

/// <summary>Entity Framework Core as it comes, one context, its connection kept open.</summary>
internal sealed class EntityFrameworkCommitter : ICommitter
{
    private readonly RowContext _context;
    private readonly Random _random = new(1);

    public EntityFrameworkCommitter(string path)
    {
        _context = new RowContext(path);
        _context.Database.OpenConnection();
    }

    public int Commit()
    {
        var value = new byte[500];
        _random.NextBytes(value);
        _context.Rows.Add(new Row { V = value });
        _context.SaveChanges();
        _context.ChangeTracker.Clear();
        return 0;
    }

    public void Dispose() => _context.Dispose();
}
