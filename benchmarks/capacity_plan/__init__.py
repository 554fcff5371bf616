"""What a load needs in cores, hours and money: `figures` are measured, `needs` computes, `page` writes."""
