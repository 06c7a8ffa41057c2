using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#pragma warning disable SA1402 // A migration and what EF Core wants beside it are read together.

namespace Litestream.EntityFrameworkCore;

[DbContext(typeof(NotesDb))]
[Migration("20260101000000_Create")]
public sealed class CreateNotes : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("CREATE TABLE Notes (Id INTEGER PRIMARY KEY, Text TEXT NOT NULL)");
}

[DbContext(typeof(NotesDb))]
[Migration("20260201000000_Shout")]
public sealed class Shout : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("UPDATE Notes SET Text = upper(Text)");
}

[DbContext(typeof(NotesDb))]
public sealed class NotesDbModelSnapshot : ModelSnapshot
{
    protected override void BuildModel(ModelBuilder modelBuilder) =>
        modelBuilder.Entity("Litestream.EntityFrameworkCore.Note", entity =>
        {
            entity.Property<long>("Id").ValueGeneratedOnAdd();
            entity.Property<string>("Text").IsRequired();
            entity.HasKey("Id");
            entity.ToTable("Notes");
        });
}
